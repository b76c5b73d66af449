// Port-forward over WebSocket: SPDY in the messages, or two channels for each port that the request named.
import { createWebSocketStream, type WebSocket } from 'ws';
import { Duplex } from 'node:stream';
import type { Client } from '../client.ts';
import type { PortForwardRequest } from '../session.ts';
import { forwardPort } from '../port-forward.ts';
import { PORT_FORWARD_PROTOCOL, servePortsOverSpdy, type PortSession } from '../spdy/port-session.ts';
import { acceptWebSocket } from './accept.ts';
import { WebSocketChannels } from './channels.ts';

const TUNNEL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`;
const SERVED = [TUNNEL, 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const NORMAL = 1000;

/** Serves one client until it has gone. @throws when it broke the protocol */
export async function servePortsOverWebSocket(client: Client<PortForwardRequest>): Promise<void> {
  const accepted = await acceptWebSocket(client.upgrade, client.socket, client.head, SERVED);
  if (accepted === undefined) return;
  const { socket, protocol } = accepted;
  if (protocol === TUNNEL) {
    const { runtime, creationMs } = client;
    const tunnel: PortSession = {
      ...{ runtime, creationMs, sandboxId: client.request.sandboxId },
      transport: createWebSocketStream(socket, { readableHighWaterMark: 64 * 1024 }),
    };
    await servePortsOverSpdy(tunnel);
    return;
  }
  await serveChannels(client, socket, protocol === 'v4.base64.channel.k8s.io' ? 'base64' : 'binary');
}

/** Channels 0 and 1 are data and error of the first port, 2 and 3 of the second, and so on. */
async function serveChannels(
  { runtime, request: { ports, sandboxId } }: Client<PortForwardRequest>,
  socket: WebSocket,
  encoding: 'binary' | 'base64',
): Promise<void> {
  const channels = new WebSocketChannels(socket, { encoding, canClose: false, count: 2 * ports.length });
  const forwards = ports.map((port, index) => {
    const data = Duplex.from({ readable: channels.input(2 * index), writable: channels.output(2 * index) });
    data.on('error', () => undefined);
    const error = channels.output(2 * index + 1);
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    data.write(number);
    error.write(number);
    return forwardPort({ runtime, sandboxId, port, data, error });
  });
  await Promise.all(forwards);
  socket.close(NORMAL);
}

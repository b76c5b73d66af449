// The WebSocket handshake, and which subprotocol is spoken.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { deferred } from '../../async/deferred.ts';
import { DaemonError } from '../../errors.ts';
import { refuseUpgrade } from '../spdy/negotiate.ts';

/** Clients send 32 KiB at a time; a longer message closes its connection with code 1009. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** How long `ws` waits for the answer to its goodbye: no less than the server does, which looks at whether the client is there. */
const CLOSE_MS = 4 * 60 * 60 * 1000;

export interface Accepted {
  readonly socket: WebSocket;
  /** '' when the client named none. */
  readonly protocol: string;
}

/**
 * Upgrades a connection.
 * @param served in the order of preference
 * @returns undefined when the client names only protocols that are not served: it was refused
 * @throws cancelled when the client broke the handshake, which `ws` has answered
 */
export async function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  served: readonly string[],
): Promise<Accepted | undefined> {
  const named = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/).filter((name) => name !== '');
  const protocol = named.length === 0 ? '' : served.find((name) => named.includes(name));
  if (protocol === undefined) {
    refuseUpgrade(socket, 400, `no subprotocol in common: served are ${served.join(', ')}\n`);
    return undefined;
  }
  const limits = { maxPayload: MAX_MESSAGE_BYTES, closeTimeout: CLOSE_MS };
  const options = { noServer: true, clientTracking: false, perMessageDeflate: false, ...limits };
  const handshake = new WebSocketServer(options);
  // `ws` refuses names with a slash, which Kubernetes has: it is told of none, and the choice is added to its answer.
  delete request.headers['sec-websocket-protocol'];
  handshake.on('headers', (headers) => {
    if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });
  const accepted = deferred<Accepted>();
  socket.once('close', () => accepted.reject(new DaemonError('cancelled', 'the WebSocket handshake failed')));
  handshake.handleUpgrade(request, socket, head, (opened) => {
    // Its own end is seen by 'close'.
    opened.on('error', () => undefined);
    accepted.resolve({ socket: opened, protocol });
  });
  return accepted.promise;
}

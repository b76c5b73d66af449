// Which protocol serves a client: what it asked for and how it wants to be upgraded decide.
import type { Client } from './client.ts';
import type { PortForwardRequest, ProcessRequest } from './session.ts';
import { serveCommandOverSpdy } from './spdy/command-session.ts';
import { acceptUpgrade, chooseProtocol, refuseUpgrade } from './spdy/negotiate.ts';
import { PORT_FORWARD_PROTOCOL, servePortsOverSpdy } from './spdy/port-session.ts';
import { serveCommandOverWebSocket } from './websocket/command-session.ts';
import { servePortsOverWebSocket } from './websocket/port-session.ts';

/** Serves one client to the end. @throws when it broke a protocol or went away */
export async function serveClient(client: Client): Promise<void> {
  const { request } = client;
  if (request.kind === 'portforward') await servePorts({ ...client, request });
  else await serveCommand({ ...client, request });
}

async function servePorts(client: Client<PortForwardRequest>): Promise<void> {
  const { runtime, request, upgrade, socket, creationMs } = client;
  const wanted = wantedProtocol(client);
  if (wanted === 'websocket') return servePortsOverWebSocket(client);
  if (wanted === undefined) return;
  if (chooseProtocol(upgrade, [PORT_FORWARD_PROTOCOL]) === undefined) {
    refuseUpgrade(socket, 403, `unable to negotiate a protocol: served is ${PORT_FORWARD_PROTOCOL}\n`);
    return;
  }
  if (client.head.length > 0) socket.unshift(client.head);
  acceptUpgrade(socket, PORT_FORWARD_PROTOCOL);
  await servePortsOverSpdy({ runtime, sandboxId: request.sandboxId, transport: socket, creationMs });
}

async function serveCommand(client: Client<ProcessRequest>): Promise<void> {
  const wanted = wantedProtocol(client);
  if (wanted === 'websocket') await serveCommandOverWebSocket(client);
  else if (wanted === 'spdy') await serveCommandOverSpdy(client);
}

/** Undefined for any other, which has been refused. */
function wantedProtocol({ upgrade, socket }: Client): 'spdy' | 'websocket' | undefined {
  const name = upgrade.headers.upgrade?.toLowerCase();
  if (name === 'spdy/3.1') return 'spdy';
  if (name === 'websocket') return 'websocket';
  refuseUpgrade(socket, 400, 'upgrade to SPDY/3.1 or websocket\n');
  return undefined;
}

// Which protocol serves a client: what it asked for and how it wants to be upgraded decide.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StreamRequest, StreamRuntime } from './session.ts';
import { serveCommandOverSpdy } from './spdy/command-session.ts';
import { acceptUpgrade, chooseProtocol, refuseUpgrade } from './spdy/negotiate.ts';
import { PORT_FORWARD_PROTOCOL, servePortsOverSpdy } from './spdy/port-session.ts';

export interface Client {
  readonly runtime: StreamRuntime;
  readonly request: StreamRequest;
  readonly upgrade: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the upgrade request already. */
  readonly head: Buffer;
  readonly creationMs: number;
  /** Aborts when the socket has closed. */
  readonly signal: AbortSignal;
}

/** Serves one client to the end. @throws when it broke a protocol or went away */
export async function serveClient(client: Client): Promise<void> {
  const { runtime, request, upgrade, socket, head, creationMs, signal } = client;
  const wanted = upgrade.headers.upgrade?.toLowerCase();
  if (wanted === 'spdy/3.1') {
    if (head.length > 0) socket.unshift(head);
    if (request.kind !== 'portforward') {
      await serveCommandOverSpdy({ runtime, request, upgrade, socket, creationMs, signal });
    } else if (chooseProtocol(upgrade, [PORT_FORWARD_PROTOCOL]) === undefined) {
      refuseUpgrade(socket, 403, `unable to negotiate a protocol: served is ${PORT_FORWARD_PROTOCOL}\n`);
    } else {
      acceptUpgrade(socket, PORT_FORWARD_PROTOCOL);
      await servePortsOverSpdy({ runtime, sandboxId: request.sandboxId, transport: socket, creationMs });
    }
    return;
  }
  refuseUpgrade(socket, 400, 'upgrade to SPDY/3.1 or websocket\n');
}

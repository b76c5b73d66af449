// The HTTP upgrade to SPDY/3.1, and the choice of the protocol spoken in its streams.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const VERSION_HEADER = 'x-stream-protocol-version';

/** The first protocol the client names that is served; the last of `served` when it names none. */
export function chooseProtocol(request: IncomingMessage, served: readonly string[]): string | undefined {
  const named = (request.headersDistinct[VERSION_HEADER] ?? []).flatMap((value) => value.split(/\s*,\s*/));
  return named.length === 0 ? served.at(-1) : named.find((name) => served.includes(name));
}

/** Answers an upgrade; from now on the socket carries SPDY. */
export function acceptUpgrade(socket: Duplex, protocol: string): void {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
  socket.write(`${[...lines, `X-Stream-Protocol-Version: ${protocol}`].join('\r\n')}\r\n\r\n`);
}

/** Refuses an upgrade and ends the connection. */
export function refuseUpgrade(socket: Duplex, code: number, reason: string): void {
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(reason)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${reason}`);
}

// A registry on a real loopback socket, whose answers a test can spoil one by one.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Spoil = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Serves what was put under exact paths; `spoil` goes first and may answer itself. */
export class FakeRegistry {
  readonly seen: SeenRequest[] = [];
  spoil: Spoil = (_request, _response, next) => next();
  readonly #answers = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const { authorization, range } = request.headers;
      this.seen.push({ method: request.method ?? '', url: request.url ?? '', authorization, range });
      this.spoil(request, response, () => this.#answer(request, response));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** `127.0.0.1:PORT` */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  put(path: string, type: string, bytes: Buffer): void {
    this.#answers.set(path, { type, bytes });
  }

  seenAt(part: string): readonly SeenRequest[] {
    return this.seen.filter(({ url }) => url.includes(part));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const answer = this.#answers.get((request.url ?? '').replace(/\?.*/, ''));
    if (answer === undefined) {
      const body = { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] };
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return;
    }
    const { length } = answer.bytes;
    const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined) {
      response.writeHead(200, { 'content-type': answer.type, 'content-length': length }).end(answer.bytes);
      return;
    }
    const end = last === undefined || last === '' ? length : Number(last) + 1;
    const bytes = answer.bytes.subarray(Number(from), end);
    response.writeHead(206, {
      'content-type': answer.type,
      'content-length': bytes.length,
      'content-range': `bytes ${from}-${end - 1}/${length}`,
    });
    response.end(bytes);
  }
}

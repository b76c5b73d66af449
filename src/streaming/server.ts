// The HTTP server that exec, attach and port-forward clients connect to: token in the URL, then the protocol.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { once } from 'node:events';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage } from '../errors.ts';
import type { TlsPaths } from '../host/tls-files.ts';
import type { Logger } from '../observe/logger.ts';
import type { StreamRequest, StreamRuntime } from './session.ts';
import { refuseUpgrade } from './spdy/negotiate.ts';
import { serveClient } from './serve-client.ts';

import { renewal, tlsOptions } from './tls.ts';
import { Tokens } from './tokens.ts';

/** A connection on which nothing moves for this long, or at most twice as long, is closed. */
const IDLE_MS = 4 * 60 * 60 * 1000;
const CREATION_MS = 30_000;
/** The same for a client that has not closed after its stream has ended; one that is there pings every 5 s. */
const LINGER_MS = 10_000;

export interface StreamingOptions {
  readonly address: string;
  /** 0: the kernel chooses. */
  readonly port: number;
  /** undefined: plain HTTP. */
  readonly tls?: TlsPaths | undefined;
  readonly runtime: StreamRuntime;
  readonly log: Logger;
  /** Milliseconds; 4 hours when not given. */
  readonly idleMs?: number;
  /** Milliseconds in which a client must have opened its streams; 30 s when not given. */
  readonly creationMs?: number;
  /** Milliseconds of a clock that never goes back, by which tokens expire. */
  readonly now?: () => number;
}

export class StreamingServer {
  readonly #options: StreamingOptions;
  readonly #tokens: Tokens<StreamRequest>;
  readonly #server: Server | TlsServer;
  readonly #renew: () => void;
  readonly #clients = new Set<Duplex>();

  private constructor(options: StreamingOptions) {
    this.#options = options;
    this.#tokens = new Tokens(options.now);
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    if (options.tls === undefined) {
      this.#server = createServer(answer);
      this.#renew = () => undefined;
    } else {
      const server = createTlsServer(tlsOptions(options.tls), answer);
      this.#server = server;
      this.#renew = renewal(server, options.tls, options.log);
    }
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      void this.#upgrade(request, socket, head);
    });
  }

  /** Listens. @throws when the address is taken or not ours; failed-precondition when a file of TLS cannot be used */
  static async start(options: StreamingOptions): Promise<StreamingServer> {
    const server = new StreamingServer(options);
    server.#server.listen({ host: options.address, port: options.port });
    await once(server.#server, 'listening');
    return server;
  }

  /**
   * The URL at which one client will be served, once, within a minute.
   * @throws resource-exhausted when too many clients are awaited
   */
  issue(request: StreamRequest): string {
    this.#renew();
    const { port } = this.#server.address() as AddressInfo;
    const scheme = this.#options.tls === undefined ? 'http' : 'https';
    return `${scheme}://${reachable(this.#options.address)}:${port}/${request.kind}/${this.#tokens.issue(request)}`;
  }

  /** How many clients are connected. */
  get clients(): number {
    return this.#clients.size;
  }

  #take({ url }: IncomingMessage): StreamRequest | undefined {
    const [, kind, token] = /^\/(exec|attach|portforward)\/([\w-]{1,64})(?:\?|$)/.exec(url ?? '') ?? [];
    const request = token === undefined ? undefined : this.#tokens.take(token);
    return request?.kind === kind ? request : undefined;
  }

  // A client that does not ask for an upgrade has used up its token all the same.
  #answer(request: IncomingMessage, response: ServerResponse): void {
    const isKnown = this.#take(request) !== undefined;
    response.writeHead(isKnown ? 400 : 404, { connection: 'close' });
    response.end(isKnown ? 'upgrade to SPDY/3.1 or websocket\n' : undefined);
  }

  async #upgrade(upgrade: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    const request = this.#take(upgrade);
    if (request === undefined) {
      refuseUpgrade(socket, 404, '');
      return;
    }
    const gone = new AbortController();
    this.#clients.add(socket);
    socket.once('close', () => {
      this.#clients.delete(socket);
      gone.abort(new Error('its connection has closed'));
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, CREATION_MS);
    closeWhenIdle(socket, this.#options.idleMs ?? IDLE_MS);
    const creationMs = this.#options.creationMs ?? CREATION_MS;
    const { runtime, log } = this.#options;
    try {
      await serveClient({ runtime, request, upgrade, socket, head, creationMs, signal: gone.signal });
    } catch (error) {
      if (!gone.signal.aborted) log.info({ kind: request.kind, reason: errorMessage(error) }, 'a stream was cut off');
    } finally {
      finish(socket);
    }
  }

  /** Stops listening and cuts every client off. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#clients) socket.destroy();
    await closed;
  }
}

/** Destroys a socket on which not one byte has moved during `ms`. `ws` takes the socket's own time-out away. */
function closeWhenIdle(socket: Socket, ms: number): void {
  let moved = 0;
  const timer = setInterval(() => {
    const now = socket.bytesRead + socket.bytesWritten;
    if (now === moved) socket.destroy();
    moved = now;
  }, ms);
  socket.once('close', () => clearInterval(timer));
}

/** Says goodbye; a client that is slow to read is left the time, as long as it shows by its pings that it is there. */
function finish(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  socket.resume();
  socket.once('end', () => socket.destroy());
  closeWhenIdle(socket, LINGER_MS);
}

/** The host part of a URL that reaches a listener on `address`; the kubelet is on this host. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return isIPv6(address) ? `[${address}]` : address;
}

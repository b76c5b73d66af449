// A ttrpc server of unary methods on a Unix socket.
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { errorCode, errorMessage } from '../../../errors.ts';
import type { Protocol } from '../protocol.ts';
import { encodeFrame, FRAME, FrameReader, type Frame } from './frame.ts';
import { toStatusCode } from './status.ts';

/** Answers one call with the bytes of its response; what it throws becomes the status. */
export type TtrpcHandler = (service: string, method: string, payload: Buffer) => Promise<Uint8Array>;

interface Request {
  readonly service: string;
  readonly method: string;
  readonly payload: Buffer;
}

export class TtrpcServer {
  readonly #protocol: Protocol;
  readonly #handle: TtrpcHandler;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  /** Listens at `path`, in place of a socket that a former daemon left there. */
  static async listen(protocol: Protocol, path: string, handle: TtrpcHandler): Promise<TtrpcServer> {
    const server = new TtrpcServer(protocol, handle);
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject).listen(path, resolve);
    });
    server.#server.on('error', () => undefined);
    return server;
  }

  private constructor(protocol: Protocol, handle: TtrpcHandler) {
    this.#protocol = protocol;
    this.#handle = handle;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  #serve(socket: Socket): void {
    const reader = new FrameReader();
    this.#connections.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) if (frame.type === FRAME.REQUEST) void this.#answer(socket, frame);
      } catch {
        socket.destroy();
      }
    });
  }

  async #answer(socket: Socket, { stream, message }: Frame): Promise<void> {
    let response: object;
    try {
      const { service, method, payload } = this.#protocol.decode<Request>('ttrpc.Request', message);
      response = { payload: await this.#handle(service, method, payload) };
    } catch (error) {
      response = { status: { code: toStatusCode(errorCode(error)), message: errorMessage(error) } };
    }
    if (socket.destroyed) return;
    socket.write(encodeFrame(stream, FRAME.RESPONSE, this.#protocol.encode('ttrpc.Response', response)));
  }

  /** Stops listening and ends all connections. May be repeated. */
  close(): void {
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
  }
}

// A ttrpc client: any number of calls at once over one Unix socket, answered in any order.
import { connect, type Socket } from 'node:net';
import { deferred, type Deferred } from '../../../async/deferred.ts';
import { DaemonError, deadlineExceeded, errorMessage, unavailable } from '../../../errors.ts';
import type { Protocol } from '../protocol.ts';
import { encodeFrame, FRAME, FrameReader, type Frame } from './frame.ts';
import { toErrorCode } from './status.ts';

export interface CallOptions {
  /** Milliseconds to wait for the answer; undefined: for as long as the connection stands. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Call {
  readonly what: string;
  readonly answer: Deferred<Buffer>;
}

export class TtrpcClient {
  readonly #socket: Socket;
  readonly #protocol: Protocol;
  readonly #calls = new Map<number, Call>();
  readonly #closed = deferred<undefined>();
  readonly #reader = new FrameReader();
  #isClosed = false;
  #nextStream = 1;

  /** @throws unavailable when nobody listens at `path` within `timeoutMs` milliseconds */
  static async connect(protocol: Protocol, path: string, timeoutMs: number): Promise<TtrpcClient> {
    const socket = connect({ path });
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
        socket.once('connect', resolve).once('error', reject);
      });
    } catch (error) {
      socket.destroy();
      throw unavailable(`cannot connect to "${path}": ${errorMessage(error)}`, error);
    } finally {
      clearTimeout(timer);
    }
    return new TtrpcClient(protocol, socket);
  }

  private constructor(protocol: Protocol, socket: Socket) {
    this.#protocol = protocol;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    // A half-open connection answers no more calls.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#onClose());
  }

  /** Settles when the connection is gone, whoever ended it. */
  get closed(): Promise<unknown> {
    return this.#closed.promise;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Calls a method and gives the bytes of its response.
   * @throws DaemonError of the peer's code and message; unavailable when the connection ends before the answer;
   *   deadline-exceeded; cancelled
   */
  async call(service: string, method: string, payload: Uint8Array, options: CallOptions = {}): Promise<Buffer> {
    const what = `${service}/${method}`;
    if (this.#isClosed) throw unavailable(`${what}: the connection is closed`);
    const { timeoutMs, signal } = options;
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const answer = deferred<Buffer>();
    this.#calls.set(stream, { what, answer });
    const onAbort = () => answer.reject(new DaemonError('cancelled', `${what} was given up by its caller`));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => answer.reject(deadlineExceeded(`${what} was not answered within ${timeoutMs} ms`)),
            timeoutMs,
          );
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      if (signal?.aborted === true) onAbort();
      else this.#send(stream, service, method, payload, timeoutMs);
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#calls.delete(stream);
    }
  }

  #send(stream: number, service: string, method: string, payload: Uint8Array, timeoutMs: number | undefined): void {
    const timeoutNano = String(BigInt(Math.ceil(timeoutMs ?? 0)) * 1_000_000n);
    const request = this.#protocol.encode('ttrpc.Request', { service, method, payload, timeoutNano });
    this.#socket.write(encodeFrame(stream, FRAME.REQUEST, request));
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) if (frame.type === FRAME.RESPONSE) this.#settle(frame);
    } catch (error) {
      // What comes after cannot be trusted: everyone waiting learns that the connection is over.
      this.#socket.destroy(new Error(errorMessage(error)));
    }
  }

  #settle({ stream, message }: Frame): void {
    const call = this.#calls.get(stream);
    // An answer that nobody waits for any more.
    if (call === undefined) return;
    const { status, payload } = this.#protocol.decode<Response>('ttrpc.Response', message);
    if (status === null || status === undefined || status.code === 0) call.answer.resolve(payload);
    else call.answer.reject(new DaemonError(toErrorCode(status.code), status.message));
  }

  #onClose(): void {
    this.#isClosed = true;
    for (const { what, answer } of this.#calls.values())
      answer.reject(unavailable(`${what}: the connection was closed before the answer came`));
    this.#closed.resolve(undefined);
  }

  /** Ends the connection; calls in flight fail. May be repeated. */
  close(): void {
    this.#socket.destroy();
  }
}

interface Response {
  readonly status: { readonly code: number; readonly message: string } | null | undefined;
  readonly payload: Buffer;
}

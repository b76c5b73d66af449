// One stream of a SPDY connection, as a Duplex.
import { Duplex } from 'node:stream';
import type { Headers } from './header-block.ts';

/** Buffered input beyond which the connection is not read on. */
const INPUT_BYTES = 64 * 1024;
/** Half of the window a client starts with: updated before it is used up. */
const UPDATE_BYTES = 32 * 1024;

/** What a stream needs of its connection. */
export interface StreamCarrier {
  send(streamId: number, bytes: Buffer, done: (error?: Error | null) => void): void;
  sendEnd(streamId: number): void;
  sendReply(streamId: number): void;
  /** The client may send this much more. */
  sendUpdate(streamId: number, bytes: number): void;
  /** Input is taken again. */
  unblock(streamId: number): void;
  /** `isComplete`: both sides have ended, and there is nothing to reset. */
  forget(streamId: number, isComplete: boolean): void;
}

export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #carrier: StreamCarrier;
  /** Taken since the last window update. */
  #taken = 0;
  #remoteEnded = false;

  constructor(carrier: StreamCarrier, id: number, headers: Headers) {
    super({ allowHalfOpen: true, readableHighWaterMark: INPUT_BYTES });
    this.#carrier = carrier;
    this.id = id;
    this.headers = headers;
    // Streams end with their connection, whose own end is looked at elsewhere.
    this.on('error', () => undefined);
  }

  /** Tells the client that the stream is served. */
  accept(): void {
    this.#carrier.sendReply(this.id);
  }

  /** Takes input from the connection; false when no more should come for now. */
  receive(bytes: Buffer): boolean {
    if (this.destroyed || this.#remoteEnded || bytes.length === 0) return true;
    this.#taken += bytes.length;
    const hasRoom = this.push(bytes);
    if (hasRoom) this.#update();
    return hasRoom;
  }

  /** The client sends nothing more on this stream. */
  receiveEnd(): void {
    if (this.#remoteEnded || this.destroyed) return;
    this.#remoteEnded = true;
    this.push(null);
  }

  #update(): void {
    if (this.#taken < UPDATE_BYTES || this.#remoteEnded) return;
    this.#carrier.sendUpdate(this.id, this.#taken);
    this.#taken = 0;
  }

  override _read(): void {
    this.#update();
    this.#carrier.unblock(this.id);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#carrier.send(this.id, chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#carrier.send(this.id, Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: () => void): void {
    this.#carrier.sendEnd(this.id);
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#carrier.forget(this.id, this.#remoteEnded && this.writableFinished);
    callback(error);
  }
}

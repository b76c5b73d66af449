// What a SPDY connection sends: data within the client's windows, control frames at once.
import type { Duplex } from 'node:stream';
import { controlFrame, dataHead } from './frame.ts';
import { SendWindows } from './send-window.ts';

/** Longer writes are cut, so that other streams get their turn. */
const MAX_DATA_BYTES = 128 * 1024;
/** Unsent answers of a client that only asks and never reads. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

interface Pending {
  bytes: Buffer;
  readonly done: (error?: Error | null) => void;
  isSending: boolean;
}

export class Outbox {
  readonly #transport: Duplex;
  readonly #windows = new SendWindows();
  /** The one write of each stream that is not finished. */
  readonly #pending = new Map<number, Pending>();

  constructor(transport: Duplex) {
    this.#transport = transport;
  }

  open(streamId: number): void {
    this.#windows.open(streamId);
  }

  /** Sends `bytes`, however long the client makes that wait. One call per stream at a time. */
  data(streamId: number, bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#pending.set(streamId, { bytes, done, isSending: false });
    this.#advance(streamId);
  }

  #advance(streamId: number): void {
    const pending = this.#pending.get(streamId);
    if (pending === undefined || pending.isSending) return;
    const count = this.#windows.room(streamId, Math.min(pending.bytes.length, MAX_DATA_BYTES));
    if (count === 0 && pending.bytes.length > 0) return;
    const part = pending.bytes.subarray(0, count);
    pending.bytes = pending.bytes.subarray(count);
    pending.isSending = true;
    this.#windows.spend(streamId, count);
    this.#transport.cork();
    this.#transport.write(dataHead(streamId, count, false));
    this.#transport.write(part, (error) => this.#sent(streamId, pending, error));
    this.#transport.uncork();
  }

  #sent(streamId: number, pending: Pending, error: Error | null | undefined): void {
    pending.isSending = false;
    if (this.#pending.get(streamId) !== pending) return;
    if (pending.bytes.length > 0 && (error === null || error === undefined)) {
      this.#advance(streamId);
      return;
    }
    this.#pending.delete(streamId);
    pending.done(error);
  }

  /** Ends a stream. */
  end(streamId: number): void {
    if (this.#transport.writable) this.#transport.write(dataHead(streamId, 0, true));
  }

  /** Drops what a stream that is gone has not sent. May be repeated. */
  discard(streamId: number): void {
    this.#pending.delete(streamId);
    this.#windows.close(streamId);
  }

  control(type: number, numbers: readonly number[], rest?: Buffer): void {
    if (!this.#transport.writable) return;
    if (this.#transport.writableLength > MAX_UNSENT_BYTES) this.#transport.destroy();
    else this.#transport.write(controlFrame(type, numbers, rest));
  }

  /** The client takes more. @see SPDY Protocol Draft 3.1, 2.6.8 */
  grant(streamId: number, bytes: number): void {
    this.#windows.grant(streamId, bytes);
    this.#advanceAll();
  }

  setInitialWindow(bytes: number): void {
    this.#windows.setInitial(bytes);
    this.#advanceAll();
  }

  #advanceAll(): void {
    for (const streamId of [...this.#pending.keys()]) this.#advance(streamId);
  }
}

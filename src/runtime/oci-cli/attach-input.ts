// What a client types, in packets that conmon can take.
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';

/** One packet is one write, and conmon's buffer is 32 KiB. */
const INPUT_BYTES = 8192;

/** Writes to a SOCK_SEQPACKET connection, one packet after the other: queued writes would be joined into one. */
export class AttachInput extends Writable {
  readonly #connection: Socket;
  readonly #close: () => void;

  /** @param close tells the other side that no more input comes */
  constructor(connection: Socket, close: () => void) {
    super({ decodeStrings: true });
    this.#connection = connection;
    this.#close = close;
    // The container may end at any time; its end is seen where its output is read.
    this.on('error', () => undefined);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (chunk.length === 0) {
      callback();
      return;
    }
    this.#connection.write(chunk.subarray(0, INPUT_BYTES), (error) => {
      if (error !== undefined && error !== null) callback(error);
      else this._write(chunk.subarray(INPUT_BYTES), _encoding, callback);
    });
  }

  override _final(callback: () => void): void {
    this.#close();
    callback();
  }
}

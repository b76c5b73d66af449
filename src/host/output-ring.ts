// Where decompressed bytes go: buffers that are filled in turn, as many as a reader with some pieces ahead has in use.

/** Pieces that are made while one is used: the thread that makes them then seldom waits for the one that uses them. */
export const PIECES_AHEAD = 3;

const PIECE_BYTES = 1024 * 1024;

/** For one stream, read through `readAhead` with PIECES_AHEAD. */
export class OutputRing {
  readonly #buffers = Array.from({ length: PIECES_AHEAD + 1 }, () => Buffer.allocUnsafeSlow(PIECE_BYTES));
  #turn = 0;

  /** The buffer that may be written to. */
  get free(): Buffer {
    return this.#buffers[this.#turn % this.#buffers.length] ?? Buffer.alloc(0);
  }

  /** To be called for each piece that is handed out, and for none else: what is in use would be free again too early. */
  turn(): void {
    this.#turn += 1;
  }
}

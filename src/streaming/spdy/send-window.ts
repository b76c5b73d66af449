// How much may be sent: the flow control of SPDY/3.1, for those clients that do flow control at all.

const DEFAULT_BYTES = 65_536;

/**
 * The windows of a connection's streams and of the connection itself (number 0).
 *
 * Kubernetes clients never update a window and would wait for ever, so nothing is held back until the client's first
 * update or setting shows that it counts. What was sent before then counts too.
 */
export class SendWindows {
  #counts = false;
  #initial = DEFAULT_BYTES;
  /** By stream: bytes allowed beyond the initial window, less those sent. */
  readonly #balances = new Map<number, number>([[0, 0]]);

  open(streamId: number): void {
    this.#balances.set(streamId, 0);
  }

  close(streamId: number): void {
    this.#balances.delete(streamId);
  }

  /** How many of `wanted` bytes may be sent on a stream now. */
  room(streamId: number, wanted: number): number {
    if (!this.#counts) return wanted;
    const connection = DEFAULT_BYTES + (this.#balances.get(0) ?? 0);
    const stream = this.#initial + (this.#balances.get(streamId) ?? 0);
    return Math.max(0, Math.min(wanted, connection, stream));
  }

  spend(streamId: number, bytes: number): void {
    this.#add(0, -bytes);
    this.#add(streamId, -bytes);
  }

  /** The client allows more on a stream, or on the connection. */
  grant(streamId: number, bytes: number): void {
    this.#counts = true;
    this.#add(streamId, bytes);
  }

  setInitial(bytes: number): void {
    this.#counts = true;
    this.#initial = bytes;
  }

  #add(streamId: number, bytes: number): void {
    const balance = this.#balances.get(streamId);
    if (balance !== undefined) this.#balances.set(streamId, balance + bytes);
  }
}

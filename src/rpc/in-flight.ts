// Counts the calls in flight, so that a stopping daemon can wait for them.

export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  readonly change = (by: 1 | -1): void => {
    this.#count += by;
    if (this.#count === 0) this.#waiting.splice(0).forEach((wake) => wake());
  };

  get count(): number {
    return this.#count;
  }

  /** Settles when no call is in flight. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

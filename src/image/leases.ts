// Content and layers that a pull is about to use: garbage collection leaves them alone.

/** Counts holders per digest. */
export class Leases {
  readonly #holders = new Map<string, number>();
  #wholeStore = 0;

  /** Holds the digests until the returned function is called. */
  hold(digests: readonly string[]): () => void {
    for (const digest of digests) this.#holders.set(digest, (this.#holders.get(digest) ?? 0) + 1);
    return () => {
      for (const digest of digests) {
        const left = (this.#holders.get(digest) ?? 1) - 1;
        if (left === 0) this.#holders.delete(digest);
        else this.#holders.set(digest, left);
      }
    };
  }

  /** Holds everything there is or comes, for work that does not know its digests beforehand. */
  holdAll(): () => void {
    this.#wholeStore += 1;
    return () => void (this.#wholeStore -= 1);
  }

  has(digest: string): boolean {
    return this.#wholeStore > 0 || this.#holders.has(digest);
  }
}

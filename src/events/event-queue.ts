// A bounded queue between a producer that never waits and a consumer that may be slow.
import { deferred, type Deferred } from '../async/deferred.ts';

export class EventQueue<T> {
  readonly #limit: number;
  readonly #items: T[] = [];
  #arrival: Deferred<undefined> | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds an item. @returns whether the oldest one had to go for it */
  push(item: T): boolean {
    this.#items.push(item);
    const isFull = this.#items.length > this.#limit;
    if (isFull) this.#items.shift();
    this.#wake();
    return isFull;
  }

  /** Yields items as they come, until `signal` aborts. */
  async *drain(signal: AbortSignal): AsyncGenerator<T> {
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        const item = this.#items.shift();
        if (item !== undefined) {
          yield item;
          continue;
        }
        this.#arrival = deferred<undefined>();
        await this.#arrival.promise;
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  #wake(): void {
    this.#arrival?.resolve(undefined);
    this.#arrival = undefined;
  }
}

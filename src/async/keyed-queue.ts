// Serialises work per key: the daemon's only lock.

/**
 * Runs tasks with the same key one after another, and tasks with different keys side by side.
 *
 * Invariants: a task never enters its own key (it would wait for itself); sandbox tasks may enter a container's key,
 * never the reverse; no task waits for a process to exit while it holds a key.
 */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(task);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return result;
  }

  /** The number of keys with work in flight. */
  get size(): number {
    return this.#tails.size;
  }
}

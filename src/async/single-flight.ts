// Joins equal work: the second caller of a key gets the first caller's promise.

/** Runs one task per key at a time; callers that come while it runs share its result or its error. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  run(key: string, task: () => Promise<T>): Promise<T> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    const flight = task().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }
}

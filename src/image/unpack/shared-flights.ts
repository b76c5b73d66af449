// Joins equal cancellable work: one run per key, which is cancelled only when everybody who wants it has gone.

interface Flight {
  readonly controller: AbortController;
  readonly result: Promise<void>;
  waiting: number;
}

export class SharedFlights {
  readonly #flights = new Map<string, Flight>();

  /** Whether work for `key` goes on; resolves when it has ended, however it ended. */
  async settled(key: string): Promise<void> {
    await this.#flights.get(key)?.result.catch(() => undefined);
  }

  /**
   * Runs `task`, or joins the run in flight. A caller whose `signal` aborts stops waiting at once when others still
   * want the result; the last one waits until the cancelled task has ended.
   */
  async run(key: string, signal: AbortSignal, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    for (let old = this.#flights.get(key); old?.controller.signal.aborted === true; old = this.#flights.get(key)) {
      await old.result.catch(() => undefined);
    }
    const flight = this.#flights.get(key) ?? this.#start(key, task);
    await this.#join(flight, signal);
  }

  #start(key: string, task: (signal: AbortSignal) => Promise<void>): Flight {
    const controller = new AbortController();
    const result = task(controller.signal).finally(() => this.#flights.delete(key));
    const flight = { controller, result, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  #join(flight: Flight, signal: AbortSignal): Promise<void> {
    flight.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = () => {
        flight.waiting -= 1;
        if (flight.waiting === 0) flight.controller.abort(signal.reason);
        else reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }
}

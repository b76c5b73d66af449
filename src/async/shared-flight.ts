// Joins equal cancellable work: it is stopped only when everybody who waits for it has gone.
import { orAbort } from './abort.ts';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/** Runs one task per key at a time; each caller leaves by its own signal, and the last one to leave stops the task. */
export class SharedFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins the task that runs under `key`, or starts `task`.
   * @param task is given a signal that aborts when no caller is left
   * @throws abortError when the caller's own signal aborts; else what the task throws
   */
  async run(key: string, signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#start(key, task);
    flight.waiting += 1;
    try {
      return await orAbort(flight.result, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#abandon(key, flight, signal);
    }
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  #start(key: string, task: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const stop = new AbortController();
    const flight: Flight<T> = { result: task(stop.signal), stop, waiting: 0 };
    this.#flights.set(key, flight);
    const forget = () => this.#forget(key, flight);
    flight.result.then(forget, forget);
    return flight;
  }

  #abandon(key: string, flight: Flight<T>, signal: AbortSignal): void {
    this.#forget(key, flight);
    flight.stop.abort(signal.reason);
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

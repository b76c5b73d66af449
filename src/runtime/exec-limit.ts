// The end that a caller may put to an exec: its time limit or its going away.
import { DaemonError, deadlineExceeded } from '../errors.ts';
import type { ExecSyncRequest } from './driver.ts';

/** Calls `kill` once when time is up or the caller has gone; `error` then says which. */
export class ExecLimit {
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #onAbort: () => void;
  #error: DaemonError | undefined;

  constructor(what: string, request: Pick<ExecSyncRequest, 'timeoutMs' | 'signal'>, kill: () => void) {
    const hit = (error: DaemonError) => {
      if (this.#error !== undefined) return;
      this.#error = error;
      kill();
    };
    const { timeoutMs, signal } = request;
    this.#signal = signal;
    this.#onAbort = () => hit(new DaemonError('cancelled', `${what} was given up by its caller`));
    if (timeoutMs !== undefined)
      this.#timer = setTimeout(() => hit(deadlineExceeded(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get error(): DaemonError | undefined {
    return this.#error;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

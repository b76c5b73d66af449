// One stop in flight per container: calls join it, and a shorter grace period shortens it.
import { deferred } from '../async/deferred.ts';
import { unavailable } from '../errors.ts';

export interface StopSteps {
  /** Sends the container's stop signal. */
  readonly signalInit: () => Promise<void>;
  /** Sends SIGKILL to all its processes. */
  readonly killAll: () => Promise<void>;
  /** Settles when the exit has been recorded. */
  readonly exited: Promise<unknown>;
}

/** Pauses between repeated SIGKILLs; after the last the container counts as stuck. */
const KILL_WAITS_MS = [1000, 2000, 3000, 4000];

/**
 * Stops one container: signal once, wait for the grace period, then SIGKILL until it is gone.
 * When every caller has gone before the grace period is over, the container is left with its signal and no SIGKILL.
 */
export class StopSession {
  readonly #steps: StopSteps;
  readonly #result = deferred<undefined>();
  #deadline = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #killing = false;
  #signalled = false;
  #callers = 0;

  constructor(steps: StopSteps) {
    this.#steps = steps;
    this.#result.promise.catch(() => undefined);
    void steps.exited.then(() => this.#finish());
  }

  /** Joins the stop with a grace period in milliseconds; 0 kills at once. Settles when the container has exited. */
  async join(graceMs: number, signal: AbortSignal): Promise<void> {
    this.#callers += 1;
    const left = deferred<undefined>();
    const leave = () => left.resolve(undefined);
    signal.addEventListener('abort', leave, { once: true });
    this.#shorten(graceMs);
    try {
      await Promise.race([this.#result.promise, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      this.#callers -= 1;
      if (this.#callers === 0 && !this.#killing) this.#pause();
    }
    signal.throwIfAborted();
  }

  #shorten(graceMs: number): void {
    const deadline = Date.now() + graceMs;
    if (this.#killing || deadline >= this.#deadline) return;
    this.#deadline = deadline;
    clearTimeout(this.#timer);
    if (graceMs <= 0) {
      void this.#kill();
      return;
    }
    this.#timer = setTimeout(() => void this.#kill(), graceMs);
    if (!this.#signalled) {
      this.#signalled = true;
      this.#steps.signalInit().catch((error: unknown) => this.#fail(error));
    }
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#deadline = Infinity;
  }

  async #kill(): Promise<void> {
    this.#killing = true;
    try {
      for (const wait of KILL_WAITS_MS) {
        await this.#steps.killAll();
        if (await exitsWithin(this.#steps.exited, wait)) return;
      }
      this.#fail(unavailable('the container has not ended 10 s after SIGKILL; a process may be stuck in the kernel'));
    } catch (error) {
      this.#fail(error);
    }
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#result.resolve(undefined);
  }

  // The next call may try again.
  #fail(error: unknown): void {
    clearTimeout(this.#timer);
    this.#result.reject(error);
  }

  /** Settles with the outcome; never rejects. */
  get ended(): Promise<unknown> {
    return this.#result.promise.catch(() => undefined);
  }
}

async function exitsWithin(exited: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = await Promise.race([exited.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

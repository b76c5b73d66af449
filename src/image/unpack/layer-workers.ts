// The threads that unpack layers: kept for a while after each layer, as a start takes longer than most layers do.
import type { Worker } from 'node:worker_threads';
import { deferred } from '../../async/deferred.ts';
import { DaemonError, errorMessage, internal } from '../../errors.ts';
import { endWorker, startWorker } from '../../host/worker.ts';
import type { LayerJob, LayerOutcome } from './layer-job.ts';

/** How a layer ended that did not fail. */
export type Unpacked = Exclude<LayerOutcome, { readonly kind: 'failed' }>;

// As long as the thread for downloads.
const IDLE_MS = 10_000;

/** Nothing here keeps the process alive except layers in flight. */
export class LayerWorkers {
  readonly #idle: Worker[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Starts a thread ahead of the first layer, unless one is there. */
  warmUp(): void {
    if (this.#idle.length === 0) this.#keep(this.#start());
  }

  /**
   * Unpacks a layer and waits until the thread has left its directory, which may be moved or unmounted then.
   *
   * @throws cancelled when `signal` aborts; the error of the layer when it is malformed or too large
   */
  async run(job: LayerJob, signal: AbortSignal): Promise<Unpacked> {
    if (signal.aborted) throw cancelled();
    const worker = this.#idle.pop() ?? this.#start();
    worker.ref();
    const outcome = await ask(worker, job, signal);
    if (outcome.kind === 'done') this.#keep(worker);
    // What it still holds open goes with it.
    else await endWorker(worker);
    if (outcome.kind === 'failed') throw new DaemonError(outcome.code, outcome.message);
    return outcome;
  }

  /** Ends the idle threads. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#idle.splice(0).map((worker) => endWorker(worker)));
  }

  #keep(worker: Worker): void {
    worker.unref();
    this.#idle.push(worker);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.close(), IDLE_MS).unref();
  }

  #start(): Worker {
    const worker = startWorker(new URL('./layer-worker.js', import.meta.url));
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return worker;
  }
}

async function ask(worker: Worker, job: LayerJob, signal: AbortSignal): Promise<LayerOutcome> {
  const stop = () => void endWorker(worker);
  signal.addEventListener('abort', stop, { once: true });
  const { promise, resolve } = deferred<LayerOutcome | undefined>();
  let crash: unknown;
  const onError = (error: unknown) => (crash = error);
  const onExit = () => resolve(undefined);
  worker.once('error', onError);
  worker.once('exit', onExit);
  worker.once('message', resolve);
  try {
    worker.postMessage(job);
    const outcome = await promise;
    if (signal.aborted) {
      await endWorker(worker);
      throw cancelled();
    }
    if (outcome === undefined) throw internal(`the layer worker died: ${errorMessage(crash)}`, crash);
    return outcome;
  } finally {
    signal.removeEventListener('abort', stop);
    worker.off('error', onError).off('exit', onExit).off('message', resolve);
  }
}

function cancelled(): DaemonError {
  return new DaemonError('cancelled', 'unpacking was cancelled');
}

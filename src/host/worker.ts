// Starts and ends Worker threads. One that is ended while it loads native code takes the whole process with it, as the
// loader then throws into a thread that may not run any more: an end waits until the thread has loaded everything.
import { Worker, workerData, type WorkerOptions } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';

interface WorkerInput {
  /** One cell, which the thread sets to 1 once it has loaded all it needs. */
  readonly loaded: SharedArrayBuffer;
  readonly data: unknown;
}

const POLL_MS = 5;
const loads = new WeakMap<Worker, Int32Array>();

/** Starts a thread, whose module must call `workerInput`. @param data what that returns */
export function startWorker(file: URL, data?: unknown, options: Omit<WorkerOptions, 'workerData'> = {}): Worker {
  const loaded = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const worker = new Worker(file, { ...options, workerData: { loaded, data } satisfies WorkerInput });
  loads.set(worker, new Int32Array(loaded));
  return worker;
}

/** In the thread: what it was started with. To be called once all modules are loaded, so not while they are. */
export function workerInput(): unknown {
  const { loaded, data } = workerData as WorkerInput;
  Atomics.store(new Int32Array(loaded), 0, 1);
  return data;
}

/** Ends a thread and waits until it has ended. May be repeated. */
export async function endWorker(worker: Worker): Promise<void> {
  const cells = loads.get(worker);
  // A thread that has ended has the id -1.
  while (cells !== undefined && Atomics.load(cells, 0) === 0 && worker.threadId !== -1) await sleep(POLL_MS);
  await worker.terminate();
}

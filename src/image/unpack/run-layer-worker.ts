// Runs one layer Worker to its end.
import { Worker } from 'node:worker_threads';
import { DaemonError, errorMessage, internal } from '../../errors.ts';
import type { LayerJob, LayerOutcome } from './layer-job.ts';

/**
 * Unpacks a layer in a Worker of its own and waits until the Worker has ended, so that its directory may be moved or
 * unmounted.
 *
 * @throws cancelled when `signal` aborts; the error of the layer when it is malformed or too large
 */
export async function runLayerWorker(
  job: LayerJob,
  signal: AbortSignal,
): Promise<Exclude<LayerOutcome, { readonly kind: 'failed' }>> {
  const worker = new Worker(new URL('./layer-worker.js', import.meta.url), { workerData: job });
  let outcome: LayerOutcome | undefined;
  let crash: unknown;
  worker.once('message', (message: LayerOutcome) => (outcome = message));
  worker.once('error', (error) => (crash = error));
  const stop = () => void worker.terminate();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw new DaemonError('cancelled', 'unpacking was cancelled');
  if (outcome === undefined) throw internal(`the layer worker died: ${errorMessage(crash)}`, crash);
  if (outcome.kind === 'failed') throw new DaemonError(outcome.code, outcome.message);
  return outcome;
}

// The thread that talks to registries: the daemon's own thread answers RPCs meanwhile.
import { parentPort } from 'node:worker_threads';
import { errorCode, errorMessage } from '../../errors.ts';
import { becomeBackground } from '../../host/background-thread.ts';
import { workerInput } from '../../host/worker.ts';
import { ArrivalGauge } from '../arrival.ts';
import { PartialFile } from '../content/partial-file.ts';
import { AgentPool } from '../registry/agents.ts';
import { fetchDocument } from '../registry/documents.ts';
import { growRepository, type GrownRepository, type RepositorySeed } from '../registry/seed.ts';
import { downloadBlob } from './download-blob.ts';
import type { DownloadJob, DownloadReply, DownloadRequest, DownloadSetup, ReadJob } from './job.ts';

const PROGRESS_MS = 100;
// With credentials that change, the same repository is another one each time.
const MAX_REPOSITORIES = 256;

const { timeouts, tuning, maxConnections } = workerInput() as DownloadSetup;
const agents = new AgentPool(timeouts, maxConnections);
const stops = new Map<number, AbortController>();
// Tokens are asked for once per repository, not once per document or blob.
const repositories = new Map<string, GrownRepository>();

function reply(message: DownloadReply): void {
  parentPort?.postMessage(message);
}

function repositoryOf(seed: RepositorySeed): GrownRepository {
  const key = JSON.stringify(seed);
  const repository = repositories.get(key) ?? growRepository(seed, agents);
  // At the end again, as the first goes first.
  repositories.delete(key);
  repositories.set(key, repository);
  const [oldest] = repositories.keys();
  if (repositories.size > MAX_REPOSITORIES && oldest !== undefined) repositories.delete(oldest);
  return repository;
}

async function download(job: DownloadJob, signal: AbortSignal): Promise<void> {
  const { id, descriptor, repository } = job;
  const gauge = new ArrivalGauge(job.shared);
  const file = await PartialFile.open(job.path, descriptor, gauge);
  let retries = 0;
  let reported = file.size;
  const report = () => {
    // A download that starts again goes back to nothing.
    const received = Math.max(0, file.size - reported);
    reply({ kind: 'progress', id, bytes: file.size, received, retries });
    reported = file.size;
    retries = 0;
  };
  report();
  const timer = setInterval(report, PROGRESS_MS);
  try {
    const onRetry = () => void (retries += 1);
    const { clients } = repositoryOf(repository);
    await downloadBlob({ clients, descriptor, file, tuning, onRetry, signal });
    gauge.complete();
  } catch (error) {
    gauge.void();
    throw error;
  } finally {
    clearInterval(timer);
    report();
    file.close();
  }
}

async function run(job: DownloadJob | ReadJob): Promise<void> {
  const { id } = job;
  const stop = new AbortController();
  stops.set(id, stop);
  try {
    if (job.kind === 'read') {
      const document = await fetchDocument(repositoryOf(job.repository), job.name, stop.signal);
      reply({ kind: 'document', id, document });
    } else {
      await download(job, stop.signal);
      reply({ kind: 'done', id });
    }
  } catch (error) {
    reply({ kind: 'failed', id, code: errorCode(error), message: errorMessage(error) });
  } finally {
    stops.delete(id);
  }
}

becomeBackground();
parentPort?.on('message', (request: DownloadRequest) => {
  if (request.kind === 'cancel') stops.get(request.id)?.abort();
  else void run(request);
});

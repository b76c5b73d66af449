// The thread that talks to registries for blobs: the daemon's own thread answers RPCs meanwhile.
import { parentPort } from 'node:worker_threads';
import { errorCode, errorMessage } from '../../errors.ts';
import { becomeBackground } from '../../host/background-thread.ts';
import { workerInput } from '../../host/worker.ts';
import { ArrivalGauge } from '../arrival.ts';
import { PartialFile } from '../content/partial-file.ts';
import { AgentPool } from '../registry/agents.ts';
import type { RegistryClient } from '../registry/client.ts';
import { growClients, type RepositorySeed } from '../registry/seed.ts';
import { downloadBlob } from './download-blob.ts';
import type { DownloadJob, DownloadReply, DownloadRequest, DownloadSetup } from './job.ts';

const PROGRESS_MS = 100;

const { timeouts, tuning, maxConnections } = workerInput() as DownloadSetup;
const agents = new AgentPool(timeouts, maxConnections);
const stops = new Map<number, AbortController>();
// Tokens are asked for once per repository, not once per blob.
const repositories = new Map<string, readonly RegistryClient[]>();

function reply(message: DownloadReply): void {
  parentPort?.postMessage(message);
}

function clientsOf(repository: RepositorySeed): readonly RegistryClient[] {
  const hosts = repository.hosts.map(({ host, credentials }) => ({ host, credentials }));
  const key = JSON.stringify([repository.path, repository.domain, hosts]);
  const clients = repositories.get(key) ?? growClients(repository, agents);
  repositories.set(key, clients);
  return clients;
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
    const clients = clientsOf(repository);
    const { path, domain } = repository;
    const onRetry = () => void (retries += 1);
    await downloadBlob({ clients, path, domain, descriptor, file, tuning, onRetry, signal });
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

async function run(job: DownloadJob): Promise<void> {
  const stop = new AbortController();
  stops.set(job.id, stop);
  try {
    await download(job, stop.signal);
    reply({ kind: 'done', id: job.id });
  } catch (error) {
    reply({ kind: 'failed', id: job.id, code: errorCode(error), message: errorMessage(error) });
  } finally {
    stops.delete(job.id);
  }
}

becomeBackground();
parentPort?.on('message', (request: DownloadRequest) => {
  if (request.kind === 'download') void run(request);
  else stops.get(request.id)?.abort();
});

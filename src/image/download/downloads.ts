// The main thread's side of the Worker that talks to registries: one, started when there is something to fetch, ended when
// idle.
import type { Worker } from 'node:worker_threads';
import { abortError, throwIfAborted } from '../../async/abort.ts';
import { deferred, type Deferred } from '../../async/deferred.ts';
import { DaemonError, errorMessage, unavailable } from '../../errors.ts';
import { endWorker, startWorker } from '../../host/worker.ts';
import type { ArrivalGauge } from '../arrival.ts';
import type { DocumentName, FetchedDocument } from '../registry/documents.ts';
import type { RepositorySeed } from '../registry/seed.ts';
import type { Descriptor } from '../schema.ts';
import type { DownloadReply, DownloadRequest, DownloadSetup } from './job.ts';

export interface DownloadOrder {
  readonly repository: RepositorySeed;
  readonly descriptor: Descriptor;
  readonly path: string;
  readonly gauge: ArrivalGauge;
  /** Told of the bytes the file holds, about ten times a second. */
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface ReadOrder {
  readonly repository: RepositorySeed;
  readonly name: DocumentName;
  readonly signal: AbortSignal;
}

/** What has been downloaded since the start. */
export interface DownloadCounts {
  /** Now. */
  readonly inFlight: number;
  readonly finished: number;
  /** Without what was on the disk before. */
  readonly receivedBytes: number;
  /** Requests sent again after a connection broke. */
  readonly retries: number;
}

interface Waiting {
  /** For a document there is none. */
  readonly download: DownloadOrder | undefined;
  readonly signal: AbortSignal;
  readonly end: Deferred<FetchedDocument | undefined>;
}

// Connections are kept that long too.
const IDLE_MS = 10_000;

/** Runs downloads. Nothing here keeps the process alive except downloads in flight. */
export class Downloads {
  readonly #setup: DownloadSetup;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #next = 1;
  readonly #totals = { finished: 0, receivedBytes: 0, retries: 0 };

  constructor(setup: DownloadSetup) {
    this.#setup = setup;
  }

  get counts(): DownloadCounts {
    const downloads = [...this.#waiting.values()].filter(({ download }) => download !== undefined);
    return { ...this.#totals, inFlight: downloads.length };
  }

  /** Starts the Worker ahead of the first order. */
  warmUp(): void {
    this.#use();
    this.#restIfIdle();
  }

  /**
   * Fills the file at `path` and proves it.
   * @throws see `downloadBlob`
   */
  async fetch(order: DownloadOrder): Promise<void> {
    const { repository, descriptor, path, gauge, signal } = order;
    const job = { kind: 'download', repository, descriptor, path, shared: gauge.shared } as const;
    await this.#run((id) => ({ ...job, id }), signal, order);
  }

  /**
   * Reads a manifest or a small blob.
   * @throws see `fetchDocument`
   */
  async read({ repository, name, signal }: ReadOrder): Promise<FetchedDocument> {
    const document = await this.#run((id) => ({ kind: 'read', id, repository, name }), signal);
    if (document === undefined) throw new TypeError('the download worker answered without a document');
    return document;
  }

  async #run(
    job: (id: number) => DownloadRequest,
    signal: AbortSignal,
    download?: DownloadOrder,
  ): Promise<FetchedDocument | undefined> {
    throwIfAborted(signal);
    const id = this.#next++;
    const end = deferred<FetchedDocument | undefined>();
    this.#waiting.set(id, { download, signal, end });
    const send = (request: DownloadRequest) => this.#use().postMessage(request);
    send(job(id));
    const cancel = () => send({ kind: 'cancel', id });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await end.promise;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#waiting.delete(id);
      this.#restIfIdle();
    }
  }

  /** Ends the Worker; downloads in flight fail. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    if (this.#worker !== undefined) await endWorker(this.#worker);
  }

  #use(): Worker {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    return worker;
  }

  #start(): Worker {
    const worker = startWorker(new URL('./download-worker.js', import.meta.url), this.#setup, {
      // Proxies are named there.
      env: process.env,
    });
    let crash: unknown;
    worker.on('message', (reply: DownloadReply) => this.#take(reply));
    worker.on('error', (error) => (crash = error));
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const { download, end } of this.#waiting.values()) {
        download?.gauge.void();
        // The next attempt goes on where this one stopped.
        end.reject(unavailable(`the download worker has ended: ${errorMessage(crash ?? 'it was stopped')}`, crash));
      }
    });
    return worker;
  }

  #take(reply: DownloadReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    const { download, signal, end } = waiting;
    if (reply.kind === 'progress') {
      download?.onBytes(reply.bytes);
      this.#totals.retries += reply.retries;
      this.#totals.receivedBytes += reply.received;
    } else if (reply.kind === 'done') {
      this.#totals.finished += 1;
      end.resolve(undefined);
    } else if (reply.kind === 'document') end.resolve(reply.document);
    else end.reject(signal.aborted ? abortError(signal) : new DaemonError(reply.code, reply.message));
  }

  #restIfIdle(): void {
    const worker = this.#worker;
    if (worker === undefined || this.#waiting.size > 0) return;
    worker.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#worker = undefined;
      void endWorker(worker);
    }, IDLE_MS).unref();
  }
}

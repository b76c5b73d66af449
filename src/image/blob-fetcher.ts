// Brings blobs into the content store, each one once however many pulls want it.
import { throwIfAborted } from '../async/abort.ts';
import { deferred, type Deferred } from '../async/deferred.ts';
import { KeyedQueue } from '../async/keyed-queue.ts';
import { Limiter } from '../async/limiter.ts';
import { SharedFlight } from '../async/shared-flight.ts';
import { errorCode, type ErrorCode } from '../errors.ts';
import { ArrivalGauge, type Arrival } from './arrival.ts';
import type { ContentStore } from './content/store.ts';
import type { Descriptor } from './schema.ts';

export interface BlobOrder {
  readonly descriptor: Descriptor;
  /** Its file, which may hold the first bytes already, and the gauge that followers watch. */
  readonly arrival: Pick<Arrival, 'path' | 'gauge'>;
  /** Told of the bytes there so far. */
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Where a blob can be had from. */
export interface BlobSource {
  /** Fills the file and proves it. @throws what went wrong; the file keeps the bytes that may be right */
  blob(order: BlobOrder): Promise<void>;
}

/** A blob that was asked for. */
export interface Fetching {
  /** The growing file as soon as the download begins; undefined when the blob is whole, or will not come, by then. */
  readonly begun: Promise<Arrival | undefined>;
  /** The blob is in the content store. */
  readonly whole: Promise<void>;
}

// Failures after which the same download may go on.
const RESUMABLE: readonly ErrorCode[] = ['unavailable', 'deadline-exceeded', 'cancelled'];
// Fewer bytes are fetched again sooner than they are looked for.
const WORTH_KEEPING_BYTES = 64 * 1024;

export type OnBytes = (digest: string, bytes: number) => void;

/** Downloads, joined by digest and bounded in number. */
export class BlobFetcher {
  readonly #content: ContentStore;
  readonly #limiter: Limiter;
  readonly #flights = new SharedFlight<undefined>();
  readonly #begun = new Map<string, Deferred<Arrival | undefined>>();
  // A file has one writer: an abandoned download may still be closing it.
  readonly #files = new KeyedQueue();
  readonly #watchers = new Set<OnBytes>();

  /** @param maxConcurrent downloads at a time, over all pulls */
  constructor(content: ContentStore, maxConcurrent: number) {
    this.#content = content;
    this.#limiter = new Limiter(maxConcurrent);
  }

  /** Reports the bytes of every download, also those another pull began, until the returned function is called. */
  watch(onBytes: OnBytes): () => void {
    this.#watchers.add(onBytes);
    return () => this.#watchers.delete(onBytes);
  }

  /** Begins to fetch the blob, or joins whoever fetches it. Both promises must be awaited or caught. */
  fetch(descriptor: Descriptor, source: BlobSource, signal: AbortSignal): Fetching {
    const whole = this.ensure(descriptor, source, signal);
    const begun = this.#begun.get(descriptor.digest)?.promise ?? Promise.resolve(undefined);
    return { begun, whole };
  }

  /**
   * Makes sure that the blob is in the content store.
   * @throws what the source throws; abortError; data-loss
   */
  async ensure(descriptor: Descriptor, source: BlobSource, signal: AbortSignal): Promise<void> {
    const { digest } = descriptor;
    if (this.#content.has(digest)) return;
    const fetch = () => this.#flights.run(digest, signal, (shared) => this.#start(descriptor, source, shared));
    const isJoining = this.#flights.has(digest);
    try {
      await fetch();
    } catch (error) {
      // Another pull's source failed; ours may be another registry or have other credentials.
      if (!isJoining || signal.aborted) throw error;
      await fetch();
    }
  }

  async #start(descriptor: Descriptor, source: BlobSource, signal: AbortSignal): Promise<undefined> {
    const begun = deferred<Arrival | undefined>();
    this.#begun.set(descriptor.digest, begun);
    try {
      await this.#limiter.run(() =>
        this.#files.run(descriptor.digest, () => this.#fetch(descriptor, source, begun, signal)),
      );
    } finally {
      begun.resolve(undefined);
      if (this.#begun.get(descriptor.digest) === begun) this.#begun.delete(descriptor.digest);
    }
    return undefined;
  }

  async #fetch(
    descriptor: Descriptor,
    source: BlobSource,
    begun: Deferred<Arrival | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    throwIfAborted(signal);
    const { digest, size } = descriptor;
    if (this.#content.has(digest)) return;
    const gauge = new ArrivalGauge();
    const path = await this.#content.beginPartial(digest);
    const end = deferred<undefined>();
    // Without followers nobody waits for it.
    end.promise.catch(() => undefined);
    begun.resolve({ path, sizeBytes: size, gauge, whole: end.promise });
    const onBytes = (bytes: number) => this.#watchers.forEach((watcher) => watcher(digest, bytes));
    try {
      await source.blob({ descriptor, arrival: { path, gauge }, onBytes, signal });
      await this.#content.adopt(descriptor);
      end.resolve(undefined);
    } catch (error) {
      gauge.void();
      end.reject(error);
      const isWorthKeeping = RESUMABLE.includes(errorCode(error));
      await this.#content.endPartial(digest, isWorthKeeping ? WORTH_KEEPING_BYTES : Infinity);
      throw error;
    }
  }
}

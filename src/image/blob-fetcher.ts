// Brings blobs into the content store, each one once however many pulls want it.
import { Limiter } from '../async/limiter.ts';
import { SharedFlight } from '../async/shared-flight.ts';
import { throwIfAborted } from '../async/abort.ts';
import type { Ingest } from './content/ingest.ts';
import type { ContentStore } from './content/store.ts';
import type { Descriptor } from './schema.ts';

/** Where a blob can be had from. */
export interface BlobSource {
  blob(descriptor: Descriptor, ingest: Ingest, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void>;
}

export type OnBytes = (digest: string, bytes: number) => void;

/** Downloads, joined by digest and bounded in number. */
export class BlobFetcher {
  readonly #content: ContentStore;
  readonly #limiter: Limiter;
  readonly #flights = new SharedFlight<undefined>();
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

  /**
   * Makes sure that the blob is in the content store.
   * @throws what the source throws; abortError; data-loss
   */
  async ensure(descriptor: Descriptor, source: BlobSource, signal: AbortSignal): Promise<void> {
    const { digest } = descriptor;
    if (this.#content.has(digest)) return;
    const fetch = () => this.#flights.run(digest, signal, (shared) => this.#fetch(descriptor, source, shared));
    const isJoining = this.#flights.has(digest);
    try {
      await fetch();
    } catch (error) {
      // Another pull's source failed; ours may be another registry or have other credentials.
      if (!isJoining || signal.aborted) throw error;
      await fetch();
    }
  }

  async #fetch(descriptor: Descriptor, source: BlobSource, signal: AbortSignal): Promise<undefined> {
    await this.#limiter.run(async () => {
      throwIfAborted(signal);
      if (this.#content.has(descriptor.digest)) return;
      const ingest = this.#content.startIngest(descriptor);
      const onBytes = (bytes: number) => this.#watchers.forEach((watcher) => watcher(descriptor.digest, bytes));
      try {
        await source.blob(descriptor, ingest, onBytes, signal);
      } catch (error) {
        await ingest.abort();
        throw error;
      }
      await this.#content.commit(ingest);
    });
  }
}

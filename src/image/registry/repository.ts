// One repository as a pull sees it: manifests and blobs, which another thread fetches, from whichever host delivers them.
import type { BlobOrder } from '../blob-fetcher.ts';
import type { Downloads } from '../download/downloads.ts';
import type { Document } from '../resolve.ts';
import type { Descriptor } from '../schema.ts';
import type { DocumentName } from './documents.ts';
import type { RepositorySeed } from './seed.ts';

export interface RepositoryOptions {
  readonly seed: RepositorySeed;
  readonly maxManifestBytes: number;
  readonly downloads: Downloads;
}

/** Reads from a repository, verifying everything that is asked for by digest. */
export class Repository {
  readonly #options: RepositoryOptions;

  constructor(options: RepositoryOptions) {
    this.#options = options;
  }

  /**
   * The manifest or index under a tag or digest.
   * @throws data-loss when a registry sends something else than the digest it was asked for or claims; what it says
   */
  async manifest(tagOrDigest: string, signal: AbortSignal): Promise<Document> {
    return this.#read({ kind: 'manifest', tagOrDigest, limitBytes: this.#options.maxManifestBytes }, signal);
  }

  /**
   * A small blob, whole and proven.
   * @throws data-loss when it is larger than it may be, or not what its descriptor says
   */
  async smallBlob(descriptor: Descriptor, limitBytes: number, signal: AbortSignal): Promise<Buffer> {
    return (await this.#read({ kind: 'blob', descriptor, limitBytes }, signal)).bytes;
  }

  /** Downloads a blob into its file; see `downloadBlob`. */
  async blob({ descriptor, arrival, onBytes, signal }: BlobOrder): Promise<void> {
    const { seed, downloads } = this.#options;
    await downloads.fetch({
      repository: seed,
      descriptor,
      path: arrival.path,
      gauge: arrival.gauge,
      onBytes,
      signal,
    });
  }

  async #read(name: DocumentName, signal: AbortSignal): Promise<Document> {
    const { seed, downloads } = this.#options;
    const { bytes, ...document } = await downloads.read({ repository: seed, name, signal });
    return { ...document, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
  }
}

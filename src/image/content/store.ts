// Blobs by digest, in an OCI image layout that other tools can read. What is here is whole and proven.
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedQueue } from '../../async/keyed-queue.ts';
import { DaemonError, isErrno, notFound } from '../../errors.ts';
import { writeFileAtomic } from '../../host/atomic-file.ts';
import { isDigest } from '../digest.ts';
import type { Descriptor } from '../schema.ts';
import { Ingest, type Expected } from './ingest.ts';
import { ALGORITHMS, blobPath, INDEX_FILE, LAYOUT_CONTENT, LAYOUT_FILE } from './layout.ts';

export interface ContentStoreOptions {
  /** The layout directory; made when missing. */
  readonly root: string;
  /** Where half-made blobs lie, on the same file system; emptied at the start. */
  readonly ingestRoot: string;
}

/** The content store. What it holds is known from memory; only reads and writes of blobs touch the disk. */
export class ContentStore {
  readonly #root: string;
  readonly #ingestRoot: string;
  readonly #sizes: Map<string, number>;
  // A removal and a new arrival of the same blob must not overtake each other.
  readonly #queue = new KeyedQueue();
  #ingests = 0;

  private constructor(options: ContentStoreOptions, sizes: Map<string, number>) {
    this.#root = options.root;
    this.#ingestRoot = options.ingestRoot;
    this.#sizes = sizes;
  }

  /** Opens the store, making it when missing, and sweeps what a killed daemon left half made. */
  static async open(options: ContentStoreOptions): Promise<ContentStore> {
    await rm(options.ingestRoot, { recursive: true, force: true });
    await mkdir(options.ingestRoot, { recursive: true, mode: 0o700 });
    const sizes = new Map<string, number>();
    for (const algorithm of ALGORITHMS) await loadSizes(options.root, algorithm, sizes);
    await writeFileAtomic(join(options.root, LAYOUT_FILE), LAYOUT_CONTENT, 0o644);
    return new ContentStore(options, sizes);
  }

  has(digest: string): boolean {
    return this.#sizes.has(digest);
  }

  /** Bytes of the blob; undefined when it is not here. */
  sizeOf(digest: string): number | undefined {
    return this.#sizes.get(digest);
  }

  /** Bytes of all blobs together. */
  get totalBytes(): number {
    let total = 0;
    for (const size of this.#sizes.values()) total += size;
    return total;
  }

  list(): readonly string[] {
    return [...this.#sizes.keys()];
  }

  /** Where the blob lies, or would. */
  path(digest: string): string {
    return blobPath(this.#root, digest);
  }

  /** @throws not-found when it is not here, data-loss when it is larger than `limitBytes` */
  async read(digest: string, limitBytes: number): Promise<Buffer> {
    const size = this.#sizes.get(digest);
    if (size === undefined) throw notFound('blob', digest);
    if (size > limitBytes) throw new DaemonError('data-loss', `blob "${digest}" is larger than ${limitBytes} bytes`);
    return readFile(this.path(digest));
  }

  /** The first `length` bytes, or fewer when the blob is shorter. @throws not-found when it is not here */
  async readHead(digest: string, length: number): Promise<Buffer> {
    if (!this.has(digest)) throw notFound('blob', digest);
    const file = await open(this.path(digest));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** Begins a blob; with `expected`, only bytes of that digest and size can be committed. */
  startIngest(expected?: Expected): Ingest {
    this.#ingests += 1;
    return new Ingest(join(this.#ingestRoot, `blob-${this.#ingests}`), expected);
  }

  /** Makes the blob visible, if its bytes are what they should be; removes it otherwise. */
  async commit(ingest: Ingest): Promise<Expected> {
    try {
      const blob = await ingest.finish();
      await this.#queue.run(blob.digest, async () => {
        await ingest.moveTo(this.path(blob.digest));
        this.#sizes.set(blob.digest, blob.size);
      });
      return blob;
    } catch (error) {
      await ingest.abort();
      throw error;
    }
  }

  /** Stores bytes that are in memory already; succeeds when they are here. */
  async put(bytes: Buffer, expected?: Expected): Promise<Expected> {
    const ingest = this.startIngest(expected);
    try {
      await ingest.write(bytes);
    } catch (error) {
      await ingest.abort();
      throw error;
    }
    return this.commit(ingest);
  }

  /** Forgets the blob at once, then deletes its file; may be repeated. */
  async remove(digest: string): Promise<void> {
    this.#sizes.delete(digest);
    await this.#queue.run(digest, async () => {
      if (!this.#sizes.has(digest)) await rm(this.path(digest), { force: true });
    });
  }

  /** Writes the layout's index: what other tools see as its images. */
  async writeIndex(manifests: readonly Descriptor[]): Promise<void> {
    const index = { schemaVersion: 2, manifests };
    await writeFileAtomic(join(this.#root, INDEX_FILE), `${JSON.stringify(index)}\n`, 0o644);
  }
}

async function loadSizes(root: string, algorithm: string, sizes: Map<string, number>): Promise<void> {
  const directory = join(root, 'blobs', algorithm);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    const digest = `${algorithm}:${name}`;
    if (!isDigest(digest)) continue;
    try {
      sizes.set(digest, (await stat(join(directory, name))).size);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

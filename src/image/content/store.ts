// Blobs by digest, in an OCI image layout that other tools can read. What is here is whole and proven.
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedQueue } from '../../async/keyed-queue.ts';
import { DaemonError, errorMessage, isErrno, notFound } from '../../errors.ts';
import { renameIfThere, replaceFile, writeFileAtomic } from '../../host/atomic-file.ts';
import { DiskChores } from '../../host/disk-usage.ts';
import type { Logger } from '../../observe/logger.ts';
import { splitDigest } from '../digest.ts';
import type { Descriptor } from '../schema.ts';
import { WriteThrough } from '../write-through.ts';
import { Ingest, type Expected } from './ingest.ts';
import { blobPath, INDEX_FILE, LAYOUT_CONTENT, LAYOUT_FILE } from './layout.ts';
import { findBlobs, rememberBoot, seal } from './seals.ts';

export interface ContentStoreOptions {
  /** The layout directory; made when missing. */
  readonly root: string;
  /** Where half-made blobs lie, on the same file system; at the start only young partial downloads stay. */
  readonly ingestRoot: string;
  readonly log: Logger;
  /** Whether the disk has something better to do than writing blobs through; never when not given. */
  readonly isBusy?: () => boolean;
}

// A download that nobody took up again for so long will not be taken up any more.
const STALE_MS = 24 * 60 * 60 * 1000;
const BOOT_FILE = 'boot-id';

/** The content store. What it holds is known from memory; only reads and writes of blobs touch the disk. */
export class ContentStore {
  readonly #root: string;
  readonly #ingestRoot: string;
  readonly #log: Logger;
  readonly #sizes: Map<string, number>;
  readonly #chores = new DiskChores();
  readonly #writeThrough: WriteThrough;
  // A removal and a new arrival of the same blob must not overtake each other.
  readonly #queue = new KeyedQueue();
  #ingests = 0;
  #settling: Promise<void> = Promise.resolve();

  private constructor(options: ContentStoreOptions, sizes: Map<string, number>) {
    this.#root = options.root;
    this.#ingestRoot = options.ingestRoot;
    this.#log = options.log;
    this.#sizes = sizes;
    const onDurable = (digest: string) => this.#seal(digest);
    const isBusy = options.isBusy ?? (() => false);
    this.#writeThrough = new WriteThrough({
      root: this.#root,
      chores: this.#chores,
      log: this.#log,
      isBusy,
      onDurable,
    });
  }

  /**
   * Opens the store, making it when missing, and sweeps what a killed daemon left half made. What a power cut may have
   * spoilt shows up later, once its digest is proven in the background.
   */
  static async open(options: ContentStoreOptions): Promise<ContentStore> {
    await mkdir(options.ingestRoot, { recursive: true, mode: 0o700 });
    await sweepIngests(options.ingestRoot);
    const { sizes, unsealed, doubtful } = await findBlobs(options.root, join(options.root, BOOT_FILE));
    await writeFileAtomic(join(options.root, LAYOUT_FILE), LAYOUT_CONTENT, 0o644);
    const store = new ContentStore(options, new Map(sizes));
    for (const digest of unsealed) store.#writeThrough.add(digest);
    store.#settling = store.#settle(doubtful);
    return store;
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

  /**
   * The file in which the blob grows while it is downloaded, made when it is not there: it is kept over failures and
   * restarts, so that a pull goes on from there.
   */
  async beginPartial(digest: string): Promise<string> {
    const path = this.#partialPath(digest);
    await (await open(path, 'a', 0o600)).close();
    return path;
  }

  /** Makes a downloaded blob visible whose file is proven. */
  async adopt({ digest, size }: Expected): Promise<void> {
    await this.#queue.run(digest, async () => {
      await rename(this.#partialPath(digest), this.path(digest));
      this.#show(digest, size);
    });
  }

  /** Throws away a download that holds fewer than `leastBytes`; may be repeated. */
  async endPartial(digest: string, leastBytes: number): Promise<void> {
    const path = this.#partialPath(digest);
    try {
      if ((await stat(path)).size < leastBytes) await rm(path, { force: true });
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }

  /** Makes the blob visible, if its bytes are what they should be; removes it otherwise. */
  async commit(ingest: Ingest): Promise<Expected> {
    try {
      const blob = await ingest.finish();
      await this.#queue.run(blob.digest, async () => {
        await ingest.moveTo(this.path(blob.digest));
        this.#show(blob.digest, blob.size);
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

  // The name is all that has to be remembered of a download: size and digest come from the manifest again.
  #partialPath(digest: string): string {
    return join(this.#ingestRoot, `partial-${digest.replace(':', '-')}`);
  }

  /** Takes a blob away and keeps its file, if it is still there, in `directory` for a person to look at. */
  async setAside(digest: string, directory: string): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await this.#queue.run(digest, async () => {
      if (!this.#sizes.delete(digest)) return;
      await renameIfThere(this.path(digest), join(directory, `blob-${Date.now()}-${digest.replace(':', '-')}`));
    });
  }

  /** Writes the layout's index: what other tools see as its images. Each opening of the images writes it anew. */
  async writeIndex(manifests: readonly Descriptor[]): Promise<void> {
    const index = { schemaVersion: 2, manifests };
    await replaceFile(join(this.#root, INDEX_FILE), `${JSON.stringify(index)}\n`, 0o644);
  }

  /** Ends background work; blobs that are not sealed yet are taken up again by the next `open`. */
  async close(): Promise<void> {
    this.#writeThrough.stop();
    await this.#chores.stop();
    await this.#settling;
  }

  #show(digest: string, size: number): void {
    this.#sizes.set(digest, size);
    this.#writeThrough.add(digest);
  }

  async #seal(digest: string): Promise<void> {
    await this.#queue.run(digest, async () => {
      if (this.has(digest) && !this.#writeThrough.has(digest)) await seal(this.path(digest));
    });
  }

  /** Proves what an earlier boot wrote and did not seal. */
  async #settle(doubtful: ReadonlyMap<string, number>): Promise<void> {
    try {
      for (const [digest, size] of doubtful) await this.#settleOne(digest, size);
      await rememberBoot(join(this.#root, BOOT_FILE));
    } catch (error) {
      this.#log.warn({ err: errorMessage(error) }, 'blobs that an earlier boot wrote could not be checked');
    }
  }

  async #settleOne(digest: string, size: number): Promise<void> {
    const path = this.path(digest);
    const isRight = (await this.#chores.hash(path, splitDigest(digest).algorithm)) === digest;
    await this.#queue.run(digest, async () => {
      // Fetched again in the meantime.
      if (this.has(digest)) return;
      if (isRight) {
        await seal(path);
        this.#sizes.set(digest, size);
        return;
      }
      this.#log.warn({ digest }, 'a blob did not survive the end of an earlier boot and is removed');
      await rm(path, { force: true });
    });
  }
}

async function sweepIngests(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    const isPartial = name.startsWith('partial-') && Date.now() - (await stat(path)).mtimeMs < STALE_MS;
    if (!isPartial) await rm(path, { recursive: true, force: true });
  }
}

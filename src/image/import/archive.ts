// An opened archive: its files by name, and JSON out of them.
import { DaemonError, invalidArgument } from '../../errors.ts';
import type { Expected } from '../content/ingest.ts';
import type { ContentStore } from '../content/store.ts';
import { splitDigest } from '../digest.ts';
import { MAX_MANIFEST_BYTES } from '../manifest.ts';
import type { ResolvedImage } from '../resolve.ts';
import type { ArchiveFiles } from './archive-files.ts';

/** One image found in an archive. */
export interface ArchiveImage {
  readonly image: ResolvedImage;
  /** Names the archive gives it, full references. */
  readonly names: readonly string[];
}

/** Reads what `storeArchiveFiles` has stored. */
export class Archive {
  /** For messages. */
  readonly path: string;
  readonly #content: ContentStore;
  readonly #files: ArchiveFiles;

  constructor(path: string, content: ContentStore, files: ArchiveFiles) {
    this.path = path;
    this.#content = content;
    this.#files = files;
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** @throws invalid-argument when the archive lacks the file */
  file(name: string): Expected {
    const file = this.#files.get(name);
    if (file === undefined) throw invalidArgument(`archive "${this.path}" lacks the file "${name}"`);
    return file;
  }

  async read(name: string): Promise<Buffer> {
    return this.#content.read(this.file(name).digest, MAX_MANIFEST_BYTES);
  }

  /** The bytes of `blobs/ALGORITHM/HEX`. @throws data-loss when they are not what the name says */
  async readBlob(digest: string): Promise<Buffer> {
    const { algorithm, hex } = splitDigest(digest);
    const bytes = await this.read(`blobs/${algorithm}/${hex}`);
    this.checkBlob(digest);
    return bytes;
  }

  /** @throws data-loss when the blob's bytes do not have the digest it is filed under */
  checkBlob(digest: string): void {
    const { algorithm, hex } = splitDigest(digest);
    const file = this.#files.get(`blobs/${algorithm}/${hex}`);
    if (file === undefined || algorithm !== 'sha256' || file.digest === digest) return;
    throw new DaemonError('data-loss', `blob "${digest}" in archive "${this.path}" really has digest "${file.digest}"`);
  }

  /** The first bytes of a stored file, to tell its format. */
  async head(name: string): Promise<Buffer> {
    return this.#content.readHead(this.file(name).digest, 4);
  }
}

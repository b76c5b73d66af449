// One blob on its way into the store: hashed and measured while it is written, visible only when both are right.
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { createHash, type Hash } from 'node:crypto';
import { DaemonError, isErrno } from '../../errors.ts';
import { hasherFor } from '../digest.ts';

/** What the blob must turn out to be. */
export interface Expected {
  readonly digest: string;
  readonly size: number;
}

const BATCH_BYTES = 1024 * 1024;

/** A file under construction: `write`, `finish`, `moveTo`; or `abort`, also after anything threw. */
export class Ingest {
  readonly #path: string;
  readonly #expected: Expected | undefined;
  readonly #hash: Hash;
  #file: FileHandle | undefined;
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #size = 0;

  constructor(path: string, expected: Expected | undefined) {
    this.#path = path;
    this.#expected = expected;
    this.#hash = newHash(expected);
  }

  /**
   * @throws data-loss as soon as there are more bytes than expected
   * @throws resource-exhausted when the disk is full
   */
  async write(chunk: Buffer): Promise<void> {
    this.#size += chunk.length;
    if (this.#expected !== undefined && this.#size > this.#expected.size)
      throw new DaemonError('data-loss', `${this.#name()} is larger than the ${this.#expected.size} bytes promised`);
    this.#hash.update(chunk);
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    if (this.#batchBytes >= BATCH_BYTES) await this.#flush();
  }

  #check(): string {
    const digest = `${this.#expected?.digest.split(':')[0] ?? 'sha256'}:${this.#hash.copy().digest('hex')}`;
    if (this.#expected !== undefined && this.#size !== this.#expected.size)
      throw new DaemonError(
        'data-loss',
        `${this.#name()} has ${this.#size} bytes, ${this.#expected.size} were promised`,
      );
    if (this.#expected !== undefined && digest !== this.#expected.digest)
      throw new DaemonError('data-loss', `${this.#name()} has the wrong content: its digest is "${digest}"`);
    return digest;
  }

  /** Proves size and digest. @throws data-loss when either is not what was expected */
  async finish(): Promise<Expected> {
    const digest = this.#check();
    await this.#flush();
    const file = await this.#open();
    await file.close();
    return { digest, size: this.#size };
  }

  /** Puts the finished file in its place. */
  async moveTo(path: string): Promise<void> {
    await rename(this.#path, path);
  }

  /** Removes what was written; may be repeated. */
  async abort(): Promise<void> {
    this.#batch = [];
    await this.#file?.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  async #flush(): Promise<void> {
    const file = await this.#open();
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (batch.length === 0) return;
    const bytes = batch.length === 1 && batch[0] !== undefined ? batch[0] : Buffer.concat(batch);
    try {
      await writeAll(file, bytes);
    } catch (error) {
      if (!isErrno(error, 'ENOSPC')) throw error;
      throw new DaemonError(
        'resource-exhausted',
        `no space left on the disk of the image store for ${this.#name()}`,
        error,
      );
    }
  }

  async #open(): Promise<FileHandle> {
    return (this.#file ??= await open(this.#path, 'ax', 0o600));
  }

  #name(): string {
    return this.#expected === undefined ? 'blob' : `blob "${this.#expected.digest}"`;
  }
}

function newHash(expected: Expected | undefined): Hash {
  return expected === undefined ? createHash('sha256') : hasherFor(expected.digest);
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
  }
}

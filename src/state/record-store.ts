// One JSON file per object, in the object's own directory; what does not parse is set aside, never deleted.
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { KeyedQueue } from '../async/keyed-queue.ts';
import { errorMessage, isErrno } from '../errors.ts';
import { syncDirectory, writeFileAtomic } from '../host/atomic-file.ts';

export interface RecordProblem {
  readonly id: string;
  readonly path: string;
  readonly message: string;
}

export interface LoadedRecords<T> {
  readonly records: readonly T[];
  /** Records that did not parse and were moved to the quarantine. */
  readonly problems: readonly RecordProblem[];
}

interface RecordStoreOptions<T> {
  /** Holds one directory per object. */
  readonly directory: string;
  readonly quarantine: string;
  readonly schema: z.ZodType<T>;
}

// Bytes (environment values) as base64: JSON has no other place for them.
function encodeBytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'Buffer') return value;
  return { $bytes: Buffer.from((value as unknown as { data: number[] }).data).toString('base64') };
}

function decodeBytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$bytes' in value)) return value;
  return Buffer.from(String(value.$bytes), 'base64');
}

/** Keeps records of one kind on disk. Writes of one object are ordered; every write is durable when it returns. */
export class RecordStore<T extends { readonly id: string }> {
  readonly #options: RecordStoreOptions<T>;
  readonly #queue = new KeyedQueue();

  constructor(options: RecordStoreOptions<T>) {
    this.#options = options;
  }

  /** An object's own directory. */
  directoryOf(id: string): string {
    return join(this.#options.directory, id);
  }

  /** Writes a record, making its directory when it is new. */
  save(record: T): Promise<void> {
    const text = JSON.stringify(record, encodeBytes, 1);
    return this.#queue.run(record.id, async () => {
      const directory = this.directoryOf(record.id);
      const path = join(directory, 'record.json');
      try {
        await writeFileAtomic(path, text);
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await syncDirectory(this.#options.directory);
        await writeFileAtomic(path, text);
      }
    });
  }

  /** Removes an object's directory. May be repeated. */
  delete(id: string): Promise<void> {
    return this.#queue.run(id, () => rm(this.directoryOf(id), { recursive: true, force: true }));
  }

  /** Reads every record; one without a file never was; one that does not parse goes to the quarantine and is reported. */
  async loadAll(): Promise<LoadedRecords<T>> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    const records: T[] = [];
    const problems: RecordProblem[] = [];
    for (const id of await readdir(this.#options.directory)) {
      const path = join(this.directoryOf(id), 'record.json');
      try {
        const record = this.#options.schema.parse(JSON.parse(await readFile(path, 'utf8'), decodeBytes));
        if (record.id !== id) throw new TypeError(`names another object, "${record.id}"`);
        records.push(record);
      } catch (error) {
        if (isErrno(error, 'ENOENT')) {
          // The daemon was killed between making or emptying the directory and its record.
          await this.delete(id);
          continue;
        }
        problems.push({ id, path, message: errorMessage(error) });
        await this.#setAside(id);
      }
    }
    return { records, problems };
  }

  async #setAside(id: string): Promise<void> {
    await mkdir(this.#options.quarantine, { recursive: true, mode: 0o700 });
    await rename(this.directoryOf(id), join(this.#options.quarantine, `${id}-${Date.now()}`));
  }
}

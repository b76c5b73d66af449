// The image records: one JSON file per image, read at the start, answered from memory.
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedQueue } from '../async/keyed-queue.ts';
import { errorMessage } from '../errors.ts';
import { replaceFile, syncDirectory, writeFileAtomic } from '../host/atomic-file.ts';
import type { Logger } from '../observe/logger.ts';
import { splitDigest } from './digest.ts';
import { imageKey, StoredImage } from './image-record.ts';

export interface ImageStoreOptions {
  /** Directory of the record files. */
  readonly root: string;
  /** Where files go that cannot be understood; kept for a person to look at. */
  readonly quarantine: string;
  readonly log: Logger;
}

/**
 * The records, by id and handler. A change is durable before it is visible; a new record becomes so with the layers it
 * names, in the background.
 */
export class ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #records: Map<string, StoredImage>;
  readonly #queue = new KeyedQueue();

  private constructor(options: ImageStoreOptions, records: Map<string, StoredImage>) {
    this.#options = options;
    this.#records = records;
  }

  /** Reads every record; those that cannot be understood are moved aside and logged, never fatal. */
  static async open(options: ImageStoreOptions): Promise<ImageStore> {
    await mkdir(options.root, { recursive: true, mode: 0o700 });
    const records = new Map<string, StoredImage>();
    for (const name of (await readdir(options.root)).sort()) {
      const path = join(options.root, name);
      if (!name.endsWith('.json')) {
        await rm(path, { recursive: true, force: true });
        continue;
      }
      try {
        const text = await readFile(path, 'utf8');
        if (/^\0*$/.test(text)) {
          // A power cut came before the record was on the disk.
          await rm(path, { force: true });
          continue;
        }
        const record = StoredImage.parse(JSON.parse(text));
        if (fileName(record) !== name) throw new Error(`it describes image "${record.id}"`);
        records.set(imageKey(record), record);
      } catch (error) {
        await quarantine(options, name, error);
      }
    }
    return new ImageStore(options, records);
  }

  /** Every record, hidden ones included, oldest first. */
  list(): readonly StoredImage[] {
    return [...this.#records.values()];
  }

  find(key: string): StoredImage | undefined {
    return this.#records.get(key);
  }

  /** Writes a record, then shows it. */
  async save(record: StoredImage): Promise<void> {
    const path = join(this.#options.root, fileName(record));
    await this.#queue.run(path, async () => {
      // A new record is worth no more than its layers, which are not written through yet.
      const write = this.#records.has(imageKey(record)) ? writeFileAtomic : replaceFile;
      await write(path, `${JSON.stringify(record)}\n`);
      this.#records.set(imageKey(record), record);
    });
  }

  /** Hides a record, then deletes its file; may be repeated. */
  async remove(record: StoredImage): Promise<void> {
    const path = join(this.#options.root, fileName(record));
    await this.#queue.run(path, async () => {
      await rm(path, { force: true });
      this.#records.delete(imageKey(record));
      await syncDirectory(this.#options.root);
    });
  }
}

function fileName(record: StoredImage): string {
  const handler = record.runtimeHandler === '' ? '' : `.${encodeURIComponent(record.runtimeHandler)}`;
  return `${splitDigest(record.id).hex}${handler}.json`;
}

async function quarantine(options: ImageStoreOptions, name: string, error: unknown): Promise<void> {
  const path = join(options.quarantine, `image-${Date.now()}-${name}`);
  await mkdir(options.quarantine, { recursive: true, mode: 0o700 });
  await rename(join(options.root, name), path);
  options.log.warn({ file: name, quarantine: path, err: errorMessage(error) }, 'image record set aside');
}

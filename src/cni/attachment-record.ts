// What is kept of each attachment, so that it can be undone after a crash or a change of configuration.
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isErrno } from '../errors.ts';
import { replaceFileSync, writeFileAtomic } from '../host/atomic-file.ts';
import type { NetworkConf } from './conf-schema.ts';

const recordSchema = z.strictObject({
  version: z.literal(1),
  sandboxId: z.string(),
  netnsPath: z.string().optional(),
  cniArgs: z.string(),
  runtimeConfig: z.record(z.string(), z.unknown()),
  network: z.strictObject({
    name: z.string(),
    cniVersion: z.string(),
    disableCheck: z.boolean(),
    disableGC: z.boolean(),
    plugins: z.array(z.looseObject({ type: z.string(), capabilities: z.record(z.string(), z.boolean()).optional() })),
  }),
  result: z.unknown(),
});

/** One sandbox in one network: everything its ADD was, or would have been, called with. */
export interface AttachmentRecord {
  readonly version: 1;
  readonly sandboxId: string;
  readonly netnsPath?: string | undefined;
  /** CNI_ARGS. */
  readonly cniArgs: string;
  /** Values by capability; each plugin gets those it declares. */
  readonly runtimeConfig: Readonly<Record<string, unknown>>;
  readonly network: NetworkConf;
  /** The result of ADD; absent until it has succeeded. */
  readonly result?: unknown;
}

const SUFFIX = '.json';

export class AttachmentRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #path(sandboxId: string): string {
    return join(this.#directory, `${sandboxId}${SUFFIX}`);
  }

  /** Makes the directory and removes what an interrupted write left there. */
  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const torn = (await readdir(this.#directory)).filter((name) => name.includes(`${SUFFIX}.tmp-`));
    for (const name of torn) await rm(join(this.#directory, name), { force: true });
  }

  /** Durable when it returns. */
  async save(record: AttachmentRecord): Promise<void> {
    await writeFileAtomic(this.#path(record.sandboxId), JSON.stringify(record));
  }

  /** Adds the result. Not synced: a DEL without it works too, and after a power cut there is little to undo. */
  saveResult(record: AttachmentRecord, result: unknown): void {
    replaceFileSync(this.#path(record.sandboxId), JSON.stringify({ ...record, result }));
  }

  /**
   * The record, `undefined` when there is none, or `damaged` when the file is not one of ours.
   */
  async find(sandboxId: string): Promise<AttachmentRecord | undefined | 'damaged'> {
    try {
      const text = await readFile(this.#path(sandboxId), 'utf8');
      return recordSchema.parse(JSON.parse(text));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      if (typeof error === 'object' && error !== null && 'syscall' in error) throw error;
      return 'damaged';
    }
  }

  async remove(sandboxId: string): Promise<void> {
    await rm(this.#path(sandboxId), { force: true });
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.#directory);
    return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
  }
}

// Slow file system work off the main thread: measuring, removing, labelling and syncing trees, in one Worker that ends
// when idle.
import type { Worker } from 'node:worker_threads';
import { deferred, type Deferred } from '../async/deferred.ts';
import { internal } from '../errors.ts';
import type { DiskUsage } from './tree.ts';
import { endWorker, startWorker } from './worker.ts';

export type { DiskUsage } from './tree.ts';

export interface ChoreRequest {
  readonly id: number;
  readonly op: 'measure' | 'remove' | 'sync' | 'digest' | 'hash' | 'label';
  readonly path: string;
  /** Of `hash`. */
  readonly algorithm?: string | undefined;
  /** Of `label`. */
  readonly label?: string | undefined;
}

export interface ChoreReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

const IDLE_MS = 10_000;

/** Runs chores in order of arrival. Nothing here keeps the process alive except work in flight. */
export class DiskChores {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Deferred<unknown>>();
  #next = 1;
  #idle: NodeJS.Timeout | undefined;

  /** What a tree takes on its disk, hard links counted once; nothing when it is gone. */
  async measure(path: string): Promise<DiskUsage> {
    return (await this.#ask('measure', path)) as DiskUsage;
  }

  /** Removes a tree; may be repeated. */
  async remove(path: string): Promise<void> {
    await this.#ask('remove', path);
  }

  /** One digest, `sha256:HEX`, over all there is to see of a tree. @throws when it is gone or cannot be read */
  async digest(path: string): Promise<string> {
    return (await this.#ask('digest', path)) as string;
  }

  /**
   * Gives a tree a label of SELinux, unless its top has it already.
   * @returns whether it was given
   * @throws when a file refuses it
   */
  async label(path: string, label: string): Promise<boolean> {
    return (await this.#ask('label', path, { label })) as boolean;
  }

  /** The digest of a file's content. @param algorithm `sha256` or `sha512` */
  async hash(path: string, algorithm: string): Promise<string> {
    return `${algorithm}:${(await this.#ask('hash', path, { algorithm })) as string}`;
  }

  /** Writes the whole file system that holds `path` to disk. */
  async sync(path: string): Promise<void> {
    await this.#ask('sync', path);
  }

  /** Ends the Worker; chores in flight fail. May be repeated, and the next chore starts anew. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    if (this.#worker !== undefined) await endWorker(this.#worker);
  }

  #ask(op: ChoreRequest['op'], path: string, more: Pick<ChoreRequest, 'algorithm' | 'label'> = {}): Promise<unknown> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const waiter = deferred<unknown>();
    const id = this.#next++;
    this.#waiting.set(id, waiter);
    worker.postMessage({ id, op, path, ...more } satisfies ChoreRequest);
    return waiter.promise;
  }

  #start(): Worker {
    const worker = startWorker(new URL('./tree-worker.js', import.meta.url));
    worker.on('message', (reply: ChoreReply) => this.#settle(worker, reply));
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const waiter of this.#waiting.values()) waiter.reject(internal('the disk worker has ended'));
      this.#waiting.clear();
    });
    return worker;
  }

  #settle(worker: Worker, reply: ChoreReply): void {
    const waiter = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.error === undefined) waiter?.resolve(reply.value);
    else waiter?.reject(internal(reply.error));
    if (this.#waiting.size > 0) return;
    worker.unref();
    this.#idle = setTimeout(() => {
      this.#worker = undefined;
      void endWorker(worker);
    }, IDLE_MS).unref();
  }
}

// Slow file system work off the main thread: measuring, removing and syncing trees, in one Worker that ends when idle.
import { Worker } from 'node:worker_threads';
import { deferred, type Deferred } from '../async/deferred.ts';
import { internal } from '../errors.ts';
import type { DiskUsage } from './tree.ts';

export type { DiskUsage } from './tree.ts';

export interface ChoreRequest {
  readonly id: number;
  readonly op: 'measure' | 'remove' | 'sync';
  readonly path: string;
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

  /** Writes the whole file system that holds `path` to disk. */
  async sync(path: string): Promise<void> {
    await this.#ask('sync', path);
  }

  /** Ends the Worker; chores in flight fail. May be repeated, and the next chore starts anew. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  #ask(op: ChoreRequest['op'], path: string): Promise<unknown> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const waiter = deferred<unknown>();
    const id = this.#next++;
    this.#waiting.set(id, waiter);
    worker.postMessage({ id, op, path } satisfies ChoreRequest);
    return waiter.promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./tree-worker.js', import.meta.url));
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
      void worker.terminate();
    }, IDLE_MS).unref();
  }
}

// Notices container exits: at once by a directory watch, and by polling what a watch can miss.
import { setMaxListeners } from 'node:events';
import { mkdirSync, statSync, watch, type FSWatcher } from 'node:fs';
import { DaemonError, errorMessage } from '../../errors.ts';
import { isAlive } from '../../host/procfs.ts';
import type { Logger } from '../../observe/logger.ts';
import type { ContainerExit, ContainerRef, CreatedContainer } from '../driver.ts';
import { lostExit, readExit } from './exit-file.ts';

export interface ExitWatcherOptions {
  /** Absolute path; made when it is missing. */
  readonly dir: string;
  readonly log: Logger;
  /** Milliseconds between two looks at the processes waited for; 1000 when not given. */
  readonly pollMs?: number;
}

interface Waiter {
  readonly container: ContainerRef;
  readonly created: CreatedContainer;
  readonly settle: (exit: ContainerExit) => void;
}

/**
 * Waits for exits recorded in one directory, of any number of containers.
 *
 * The watch is a shortcut only: it goes silent when the directory is replaced, and drops events when too many come at
 * once. The poll finds every exit it missed, for a recorded exit means a dead monitor.
 */
export class ExitWatcher {
  readonly dir: string;
  readonly #log: Logger;
  readonly #pollMs: number;
  readonly #waiters = new Map<string, Set<Waiter>>();
  #watch: { readonly watcher: FSWatcher; readonly directory: string | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ExitWatcherOptions) {
    this.dir = options.dir;
    this.#log = options.log;
    this.#pollMs = options.pollMs ?? 1000;
    this.#rearm();
  }

  /** The container's exit, also one recorded before the call. Rejects with cancelled when `signal` aborts. */
  wait(container: ContainerRef, created: CreatedContainer, signal: AbortSignal): Promise<ContainerExit> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        signal.removeEventListener('abort', onAbort);
        this.#remove(waiter);
      };
      const settle = (exit: ContainerExit) => {
        finish();
        resolve(exit);
      };
      const onAbort = () => {
        finish();
        reject(new DaemonError('cancelled', `waiting for the exit of container "${container.id}" was given up`));
      };
      const waiter: Waiter = { container, created, settle };
      if (signal.aborted) {
        onAbort();
        return;
      }
      // One signal may well end the waits of every container.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#add(waiter);
      void this.#check(waiter);
    });
  }

  /** Stops watching; waits in flight stay unsettled. */
  close(): void {
    clearInterval(this.#timer);
    this.#watch?.watcher.close();
    this.#watch = undefined;
  }

  #add(waiter: Waiter): void {
    const { id } = waiter.container;
    this.#waiters.set(id, (this.#waiters.get(id) ?? new Set()).add(waiter));
    this.#timer ??= setInterval(() => this.#poll(), this.#pollMs);
  }

  #remove(waiter: Waiter): void {
    const { id } = waiter.container;
    const set = this.#waiters.get(id);
    set?.delete(waiter);
    if (set?.size === 0) this.#waiters.delete(id);
    if (this.#waiters.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    this.#rearm();
    for (const set of this.#waiters.values()) {
      for (const waiter of set) if (!isAlive(waiter.created.monitor)) void this.#check(waiter);
    }
  }

  #onFile(name: string | null): void {
    const sets = name === null ? [...this.#waiters.values()] : [this.#waiters.get(name) ?? new Set<Waiter>()];
    for (const set of sets) for (const waiter of set) void this.#check(waiter);
  }

  async #check(waiter: Waiter): Promise<void> {
    const { container, created } = waiter;
    try {
      // Looked at first: a monitor that is dead by now has recorded all it ever will.
      const over = !isAlive(created.monitor) && !isAlive(created.init);
      const exit = (await readExit(this.dir, container)) ?? (over ? await lostExit(container) : undefined);
      if (exit !== undefined) waiter.settle(exit);
    } catch (error) {
      this.#log.warn({ container: container.id, reason: errorMessage(error) }, 'cannot read an exit; trying again');
    }
  }

  #rearm(): void {
    const directory = identifyDirectory(this.dir);
    if (directory !== undefined && directory === this.#watch?.directory) return;
    this.#watch?.watcher.close();
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    const watcher = watch(this.dir, { persistent: false }, (_, name) => this.#onFile(name));
    watcher.on('error', (error) => this.#log.warn({ reason: errorMessage(error) }, 'the watch of the exits failed'));
    this.#watch = { watcher, directory: identifyDirectory(this.dir) };
    this.#onFile(null);
  }
}

// Inode numbers are used again, so the time of birth belongs to the identity.
function identifyDirectory(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.ino}:${stats.birthtimeNs}`;
}

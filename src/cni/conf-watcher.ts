// Tells of changes in directories that may be absent, vanish and come back.
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';

export interface ConfWatcherOptions {
  readonly directories: readonly string[];
  /** Called after a change; several at once are one. */
  readonly onChange: () => void;
  readonly log: Logger;
}

// Long enough for a file to be written after it was made.
const SETTLE_MS = 50;
const POLL_MS = 5000;

/** The directory itself, or its nearest ancestor that exists: there it will show that it comes back. */
function nearestExisting(path: string): string {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    if (existsSync(candidate) || candidate === dirname(candidate)) return candidate;
  }
}

/** Watches from `start` to `stop`; where the kernel gives no watch, it looks every few seconds. */
export class ConfWatcher {
  readonly #options: ConfWatcherOptions;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConfWatcherOptions) {
    this.#options = options;
  }

  /** Watches are in place when it returns: what changes later is told. */
  start(): void {
    this.#close();
    for (const directory of this.#options.directories) this.#watch(directory);
  }

  stop(): void {
    this.#close();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #close(): void {
    this.#watchers.forEach((watcher) => watcher.close());
    this.#watchers = [];
  }

  #watch(directory: string): void {
    for (;;) {
      const place = nearestExisting(directory);
      try {
        const watcher = watch(place, { persistent: false }, () => this.#schedule(SETTLE_MS));
        watcher.on('error', () => this.#schedule(SETTLE_MS));
        this.#watchers.push(watcher);
      } catch (err) {
        if (!existsSync(place)) continue;
        this.#options.log.warn({ path: place, reason: errorMessage(err) }, 'cannot watch directory, polling instead');
        this.#schedule(POLL_MS);
        return;
      }
      // Made between the look and the watch: watch that one too.
      if (nearestExisting(directory) === place) return;
    }
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // A directory that was removed and made again is another one: all watches are renewed.
      this.start();
      this.#options.onChange();
    }, delayMs).unref();
  }
}

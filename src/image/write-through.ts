// Makes what was written survive a power cut, in the background: writing through at once would make every pull wait for
// the disk. Until it is done, a layer or blob is trusted in the boot that wrote it, and looked at again by any later one.
import type { DiskChores } from '../host/disk-usage.ts';
import type { Logger } from '../observe/logger.ts';

export interface WriteThroughOptions {
  /** On the file system that is written through. */
  readonly root: string;
  readonly chores: DiskChores;
  readonly log: Logger;
  /** Whether images are being pulled: the disk is theirs then, for a while. */
  readonly isBusy: () => boolean;
  /** Records that what `key` names is on the disk now; it may have been removed meanwhile. */
  readonly onDurable: (key: string) => Promise<void>;
}

// Long enough for everything of one pull to share one write-through.
const DELAY_MS = 2000;
// The kernel writes out by itself what is older than that.
const MAX_DELAY_MS = 30_000;

export class WriteThrough {
  readonly #options: WriteThroughOptions;
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  /** Milliseconds since the epoch, of the oldest that is pending. */
  #since = 0;

  constructor(options: WriteThroughOptions) {
    this.#options = options;
  }

  /** Whether a write-through of what is written now is still to begin. */
  has(key: string): boolean {
    return this.#pending.has(key);
  }

  /** To be called after `key` was written, also when it was written again. */
  add(key: string): void {
    if (this.#pending.size === 0) this.#since = Date.now();
    this.#pending.add(key);
    if (!this.#running) this.#arm();
  }

  stop(): void {
    this.#pending.clear();
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), DELAY_MS).unref();
  }

  async #run(): Promise<void> {
    const { root, chores, log, isBusy, onDurable } = this.#options;
    if (isBusy() && Date.now() - this.#since < MAX_DELAY_MS) {
      this.#arm();
      return;
    }
    const batch = [...this.#pending];
    this.#pending.clear();
    this.#running = true;
    try {
      await chores.sync(root);
      // What was written again meanwhile has its turn once more.
      for (const key of batch) if (!this.#pending.has(key)) await onDurable(key);
    } catch (err) {
      log.warn({ err }, 'image content could not be written through to the disk');
    } finally {
      this.#running = false;
      if (this.#pending.size > 0) this.#arm();
    }
  }
}

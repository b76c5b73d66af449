// Makes finished layers survive a power cut, in the background: writing through at once would make every pull wait for
// the disk. Until it is done a layer is trusted in the boot that wrote it, and dropped by any later one.
import type { DiskChores } from '../../host/disk-usage.ts';
import type { Logger } from '../../observe/logger.ts';

export interface DurabilityOptions {
  readonly root: string;
  readonly chores: DiskChores;
  readonly log: Logger;
  /** Records that a layer is durable now; the layer may have been removed meanwhile. */
  readonly onDurable: (chainId: string) => Promise<void>;
}

// Long enough for the layers of one pull to share one write-through.
const DELAY_MS = 2000;

export class LayerDurability {
  readonly #options: DurabilityOptions;
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(options: DurabilityOptions) {
    this.#options = options;
  }

  add(chainId: string): void {
    this.#pending.add(chainId);
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
    const { root, chores, log, onDurable } = this.#options;
    const batch = [...this.#pending];
    this.#pending.clear();
    this.#running = true;
    try {
      await chores.sync(root);
      for (const chainId of batch) await onDurable(chainId);
    } catch (err) {
      log.warn({ err }, 'layers could not be written through to the disk');
    } finally {
      this.#running = false;
      if (this.#pending.size > 0) this.#arm();
    }
  }
}

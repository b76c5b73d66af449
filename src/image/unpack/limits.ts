// What a layer may cost: guards against decompression bombs and trees no tool can handle.
import { DaemonError } from '../../errors.ts';

export interface LayerLimits {
  /** Entries in one layer. */
  readonly maxEntries: number;
  /** Uncompressed bytes of one layer. */
  readonly maxBytes: number;
  /** Components in one path. */
  readonly maxDepth: number;
  /** Uncompressed bytes per compressed byte, asked only once a layer is larger than 1 GiB. */
  readonly maxRatio: number;
}

export const DEFAULT_LIMITS: LayerLimits = {
  maxEntries: 5_000_000,
  maxBytes: 256 * 1024 ** 3,
  maxDepth: 512,
  maxRatio: 1000,
};

const RATIO_FREE_BYTES = 1024 ** 3;

/** @param key where the limit is configured */
function exceeded(what: string, limit: number, key: string): DaemonError {
  const message = `layer exceeds the limit of ${limit} ${what} (images.limits.${key})`;
  return new DaemonError('resource-exhausted', message);
}

/** Counts one layer against its limits; every method throws resource-exhausted naming the limit. */
export class LimitGuard {
  readonly #limits: LayerLimits;
  readonly #compressedBytes: number;
  #entries = 0;
  #bytes = 0;

  constructor(limits: LayerLimits, compressedBytes: number) {
    this.#limits = limits;
    this.#compressedBytes = compressedBytes;
  }

  countBytes(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxBytes)
      throw exceeded('uncompressed bytes', this.#limits.maxBytes, 'max_layer_size');
    if (this.#bytes > RATIO_FREE_BYTES && this.#bytes > this.#compressedBytes * this.#limits.maxRatio) {
      throw exceeded('uncompressed bytes per compressed byte', this.#limits.maxRatio, 'max_compression_ratio');
    }
  }

  countEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries)
      throw exceeded('entries', this.#limits.maxEntries, 'max_layer_entries');
  }

  /** @param path clean: a slash before each component */
  checkDepth(path: string): void {
    // It has at least one character for each slash.
    if (path.length <= this.#limits.maxDepth) return;
    let depth = 0;
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) depth += 1;
    if (depth > this.#limits.maxDepth) throw exceeded('path components', this.#limits.maxDepth, 'max_path_depth');
  }
}

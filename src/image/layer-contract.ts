// What the rest of the image code needs from the store of unpacked layers.

/** A compressed layer whose bytes are proven. */
export interface LayerSource {
  /** The blob's file. */
  readonly path: string;
  readonly mediaType: string;
  /** Digest of the uncompressed tar. */
  readonly diffId: string;
}

/** The part of LayerStore that pulls and removals use. */
export interface Layers {
  has(chainId: string): boolean;
  /** Unpacks, verifies the diff id, and makes the layer visible at once; `parents` are chain ids, bottom first. */
  unpack(chainId: string, parents: readonly string[], source: LayerSource, signal: AbortSignal): Promise<void>;
  usage(chainId: string): { readonly bytes: number; readonly inodes: number };
  remove(chainId: string): Promise<void>;
  list(): readonly string[];
}

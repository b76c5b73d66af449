// What the rest of the image code needs from the store of unpacked layers.

import type { Arrival } from './arrival.ts';

/** A compressed layer. */
export interface LayerSource {
  /** The blob's file, proven; while it arrives, where it will be. */
  readonly path: string;
  /** While the blob arrives: the layer is unpacked right behind it, and visible only once the blob is proven too. */
  readonly arrival?: Arrival | undefined;
  /** Of the descriptor; the compression is recognised by content all the same. */
  readonly mediaType: string;
  /** `sha256:HEX` of the uncompressed tar, from the image's config. */
  readonly diffId: string;
}

/** The part of LayerStore that pulls and removals use. */
export interface Layers {
  has(chainId: string): boolean;
  /** Gets ready for `unpack` while the manifest is on its way. */
  warmUp(): void;
  /** Unpacks, verifies the diff id, and makes the layer visible at once; `parents` are chain ids, bottom first. */
  unpack(chainId: string, parents: readonly string[], source: LayerSource, signal: AbortSignal): Promise<void>;
  usage(chainId: string): { readonly bytes: number; readonly inodes: number };
  remove(chainId: string): Promise<void>;
  /** Compares a layer's files with those that were unpacked; `unproven` has nothing to be compared with. */
  verify(
    chainId: string,
  ): Promise<{ readonly state: 'good' | 'unproven' } | { readonly state: 'damaged'; readonly why: string }>;
  /** Takes a layer away and keeps its files in `directory`. */
  setAside(chainId: string, directory: string): Promise<void>;
  list(): readonly string[];
}

// What images take on the disk: content and unpacked layers, both counted when they were written.
import type { ContentStore } from './content/store.ts';
import type { Layers } from './layer-contract.ts';

export interface ImageFsInfo {
  /** A path on the file system that holds the images. */
  readonly path: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

/** Adds up from memory; touches no disk. */
export function imageFsUsage(path: string, content: ContentStore, layers: Layers): ImageFsInfo {
  let usedBytes = content.totalBytes;
  let inodesUsed = content.list().length;
  for (const chainId of layers.list()) {
    const { bytes, inodes } = layers.usage(chainId);
    usedBytes += bytes;
    inodesUsed += inodes;
  }
  return { path, usedBytes, inodesUsed };
}

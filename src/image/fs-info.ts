// What images take on the disk: content, unpacked layers and the quarantine, counted when they were written.
import type { DiskUsage } from '../host/disk-usage.ts';
import type { ContentStore } from './content/store.ts';
import type { Layers } from './layer-contract.ts';

export interface ImageFsInfo {
  /** A path on the file system that holds the images. */
  readonly path: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

/** Adds up from memory; touches no disk. */
export function imageFsUsage(path: string, content: ContentStore, layers: Layers, quarantine: DiskUsage): ImageFsInfo {
  let usedBytes = content.totalBytes + quarantine.bytes;
  let inodesUsed = content.list().length + quarantine.inodes;
  for (const chainId of layers.list()) {
    const { bytes, inodes } = layers.usage(chainId);
    usedBytes += bytes;
    // Its directory and its record are there too.
    inodesUsed += inodes + 2;
  }
  return { path, usedBytes, inodesUsed };
}

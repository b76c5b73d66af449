// What a layer takes, added up while it is written: a walk over its files would take as long as writing the small ones.
import type { DiskUsage } from '../../host/tree.ts';

// What file systems give out at a time; the exact figure follows when the layer has reached the disk.
const BLOCK_BYTES = 4096;
// Longer targets do not fit into the inode.
const MAX_INLINE_LINK_BYTES = 59;

export class LayerTally {
  // The layer's own directory.
  #inodes = 1;
  #bytes = BLOCK_BYTES;
  #isVoid = false;

  addFile(sizeBytes: number): void {
    this.#inodes += 1;
    this.#bytes += Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }

  addDirectory(): void {
    this.#inodes += 1;
    this.#bytes += BLOCK_BYTES;
  }

  addSymlink(target: string): void {
    this.addFile(target.length > MAX_INLINE_LINK_BYTES ? target.length : 0);
  }

  /** A device, a FIFO or a whiteout. */
  addNode(): void {
    this.#inodes += 1;
  }

  /** Says that something was removed again: the rare layer that has to be measured after all. */
  spoil(): void {
    this.#isVoid = true;
  }

  /** Undefined when only a look at the files can tell. */
  get usage(): DiskUsage | undefined {
    return this.#isVoid ? undefined : { bytes: this.#bytes, inodes: this.#inodes };
  }
}

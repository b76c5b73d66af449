// Whether a file still is the pin of a namespace.
import { statfsSync } from 'node:fs';
import { isErrno } from '../errors.ts';

/** @see NSFS_MAGIC in the kernel's include/uapi/linux/magic.h */
const NSFS_MAGIC = 0x6e73_6673;

/** False as well for the empty file that stays where a pin was unmounted: nothing can be joined there. */
export function isPinnedNamespace(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS_MAGIC;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return false;
    throw error;
  }
}

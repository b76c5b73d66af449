// Null devices that may be given away: a program that is handed one as a standard stream may change its owner and mode.
import { fchmodSync, openSync, unlinkSync } from 'node:fs';
import { mknod, openDetachedTmpfs } from './kernel.ts';

const CHARACTER_DEVICE = 0o020666;
const NULL = '/dev/null';

// Undefined until the first is wanted; null where the kernel makes none.
let directory: number | null | undefined;

/**
 * Opens a null device that nobody else has; the caller closes it. crun before 1.24 gives the standard streams of a program
 * to its user, and with them the host's /dev/null, which that user could then close to everybody. Where the kernel
 * makes no file system for it (before Linux 5.2), or no device in it, this is the host's after all.
 */
export function openNullDevice(): number {
  if (directory === undefined) directory = orNull(openDetachedTmpfs);
  const own = directory === null ? null : orNull(() => openNode(`/proc/self/fd/${directory}/null`));
  return own ?? openSync(NULL, 'r+');
}

function openNode(path: string): number {
  mknod(path, CHARACTER_DEVICE, 1, 3);
  try {
    const fd = openSync(path, 'r+');
    // Whatever the umask says: programs open it again as /dev/stdout.
    fchmodSync(fd, 0o666);
    return fd;
  } finally {
    unlinkSync(path);
  }
}

function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}

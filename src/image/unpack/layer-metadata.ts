// Owner, permissions, attributes and times of what a layer makes, in the only order that keeps them all.
import { chmodSync, fchmodSync, fchownSync, lchownSync } from 'node:fs';
import { isUnsupported } from '../../errors.ts';
import { nativePath } from '../../host/byte-path.ts';
import { setFileTimes, setTimes, setXattr } from '../../host/kernel.ts';
import type { TarEntry, TarTime } from './tar/entry.ts';

// Trusted ones are the host's own, as containerd has it, and overlay's marks above all: an image must not forge them.
// Labels and measurements belong to the host too.
const REFUSED_XATTRS = /^(trusted\.|user\.overlay\.|security\.(selinux|ima|evm)$)/;

/**
 * Applies everything but times to an existing path, never through a symlink. A change of owner clears set-id bits and
 * file capabilities, so it comes first.
 */
export function applyMetadata(path: string, entry: TarEntry): void {
  const native = nativePath(path);
  lchownSync(native, entry.uid, entry.gid);
  if (entry.type !== 'symlink') chmodSync(native, entry.mode);
  applyXattrs(native, entry);
}

function applyXattrs(native: string | Buffer, { xattrs }: TarEntry): void {
  for (const [name, value] of xattrs) if (!REFUSED_XATTRS.test(name)) applyXattr(native, name, value);
}

function applyXattr(native: string | Buffer, name: string, value: Buffer): void {
  try {
    setXattr(native, name, value);
  } catch (error) {
    // Some file systems hold no attributes of some kinds; a file without them is what other tools leave there too.
    if (!isUnsupported(error)) throw error;
  }
}

/** What a file that is open for the first time has without being told. */
export interface FreshFile {
  readonly fd: number;
  readonly path: string;
  /** Permission bits it was made with. */
  readonly mode: number;
  /** Whether it surely belongs to root. */
  readonly isOfRoot: boolean;
}

/** Applies everything, times too, to a file that is still open and written: only what is not so already. */
export function finishFile({ fd, path, mode, isOfRoot }: FreshFile, entry: TarEntry): void {
  const isOwned = isOfRoot && entry.uid === 0 && entry.gid === 0;
  if (!isOwned) fchownSync(fd, entry.uid, entry.gid);
  if (mode !== entry.mode) fchmodSync(fd, entry.mode);
  if (entry.xattrs.size > 0) applyXattrs(nativePath(path), entry);
  const { seconds, nanos } = notBeforeEpoch(entry.mtime);
  setFileTimes(fd, seconds, nanos);
}

/** Sets the modification time, and the access time with it. Before the epoch is at the epoch, as containerd has it. */
export function applyTimes(path: string, mtime: TarTime): void {
  const { seconds, nanos } = notBeforeEpoch(mtime);
  setTimes(nativePath(path), seconds, nanos);
}

function notBeforeEpoch(time: TarTime): TarTime {
  return time.seconds < 0 ? { seconds: 0, nanos: 0 } : time;
}

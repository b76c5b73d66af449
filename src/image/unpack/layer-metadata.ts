// Owner, permissions, attributes and times of what a layer makes, in the only order that keeps them all.
import { chmodSync, lchownSync } from 'node:fs';
import { isErrno } from '../../errors.ts';
import { nativePath } from '../../host/byte-path.ts';
import { setTimes, setXattr } from '../../host/kernel.ts';
import type { TarEntry } from './tar/entry.ts';

// Overlay reads its own marks from these: an image must not forge them. Labels and measurements belong to the host.
const REFUSED_XATTRS = /^(trusted\.overlay\.|user\.overlay\.|security\.(selinux|ima|evm)$)/;

/**
 * Applies everything but times to an existing path, never through a symlink. A change of owner clears set-id bits and
 * file capabilities, so it comes first.
 */
export function applyMetadata(path: string, entry: TarEntry): void {
  const native = nativePath(path);
  lchownSync(native, entry.uid, entry.gid);
  if (entry.type !== 'symlink') chmodSync(native, entry.mode);
  for (const [name, value] of entry.xattrs) if (!REFUSED_XATTRS.test(name)) applyXattr(native, name, value);
}

function applyXattr(native: string | Buffer, name: string, value: Buffer): void {
  try {
    setXattr(native, name, value);
  } catch (error) {
    // Some file systems hold no attributes of some kinds; a file without them is what other tools leave there too.
    if (!isErrno(error, 'EOPNOTSUPP') && !isErrno(error, 'ENOTSUP')) throw error;
  }
}

/** Sets the modification time, and the access time with it. */
export function applyTimes(path: string, mtimeNanos: bigint): void {
  setTimes(nativePath(path), mtimeNanos, mtimeNanos);
}

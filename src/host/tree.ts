// Whole directory trees: measure and remove. Synchronous: for Worker threads only.
import { lstatSync, readdirSync, rmdirSync, unlinkSync, type BigIntStats } from 'node:fs';
import { isErrno } from '../errors.ts';
import { bytePath, nativePath } from './byte-path.ts';

/** What a tree takes on its disk. */
export interface DiskUsage {
  /** Allocated blocks, which sparse files have fewer of than their size says. */
  readonly bytes: number;
  readonly inodes: number;
}

function unlessGone<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * The blocks and inodes of a tree, its top directory included; hard links count once. Other file systems mounted
 * inside are left out. A tree that is gone has no usage, and so have parts that vanish meanwhile.
 */
export function measureTree(path: string): DiskUsage {
  const linked = new Set<bigint>();
  let bytes = 0;
  let inodes = 0;
  let device: bigint | undefined;
  const visit = (at: string): void => {
    const native = nativePath(at);
    const stat: BigIntStats | undefined = unlessGone(() => lstatSync(native, { bigint: true }));
    device ??= stat?.dev;
    if (stat === undefined || stat.dev !== device) return;
    if (!stat.isDirectory() && stat.nlink > 1n) {
      if (linked.has(stat.ino)) return;
      linked.add(stat.ino);
    }
    bytes += Number(stat.blocks) * 512;
    inodes += 1;
    if (!stat.isDirectory()) return;
    for (const name of unlessGone(() => readdirSync(native, 'latin1')) ?? []) visit(`${at}/${name}`);
  };
  visit(bytePath(path));
  return { bytes, inodes };
}

/** Removes a tree without following links, whatever bytes its names hold. May be repeated. */
export function removeTree(path: string): void {
  removeByteTree(bytePath(path));
}

/** `removeTree` for a path that is a byte string. */
export function removeByteTree(top: string): void {
  const clear = (directory: string): void => {
    const entries = unlessGone(() => readdirSync(nativePath(directory), { encoding: 'latin1', withFileTypes: true }));
    for (const entry of entries ?? []) {
      const at = `${directory}/${entry.name}`;
      if (entry.isDirectory()) clear(at);
      else unlessGone(() => unlinkSync(nativePath(at)));
    }
    unlessGone(() => rmdirSync(nativePath(directory)));
  };
  const stat = unlessGone(() => lstatSync(nativePath(top)));
  if (stat?.isDirectory() === true) clear(top);
  else if (stat !== undefined) unlinkSync(nativePath(top));
}

// All there is to see of a directory tree, entry by entry: what two trees are compared by, and what a digest of one
// covers. Synchronous: for Worker threads only.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from 'node:fs';
import { bytePath, nativePath } from './byte-path.ts';
import { getXattr, listXattrs } from './kernel.ts';

/** One entry. Text that came from the disk is a byte string. */
export interface TreeEntry {
  /** From the top of the tree, which is empty itself. */
  readonly path: string;
  /** Type and permissions, octal. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Of regular files and links; directories have what the file system makes of them. */
  readonly sizeBytes?: number;
  /** Nanoseconds since the epoch, decimal. */
  readonly mtime: string;
  /** Of devices: `major:minor` as the kernel packs them. */
  readonly device?: string;
  /** Of symbolic links. */
  readonly target?: string;
  /** SHA-256 of a regular file's content. */
  readonly content?: string;
  /** The first path, in order, of the same inode. */
  readonly sameAs?: string;
  /** `NAME=HEX`, sorted. */
  readonly xattrs: readonly string[];
}

const CHUNK_BYTES = 1024 * 1024;

/** The content of a regular file, hex. */
export function hashFile(
  native: string | Buffer,
  algorithm = 'sha256',
  buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES),
): string {
  const hash = createHash(algorithm);
  // Without touching access times, and never through a link that took the file's place.
  const fd = openSync(native, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NOATIME);
  try {
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) hash.update(buffer.subarray(0, got));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** The entries of the tree at `top`, parents before children, names in byte order. */
export function* listTree(top: string): Generator<TreeEntry, void, undefined> {
  const first = new Map<string, string>();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const root = bytePath(top);
  function* visit(path: string): Generator<TreeEntry, void, undefined> {
    const native = nativePath(path === '' ? root : `${root}/${path}`);
    const stat = lstatSync(native, { bigint: true });
    const inode = `${stat.dev}:${stat.ino}`;
    const sameAs = stat.isDirectory() || stat.nlink === 1n ? undefined : first.get(inode);
    if (sameAs === undefined) first.set(inode, path);
    yield { ...describe(path, native, stat), ...ofType(native, stat, sameAs, buffer) };
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(native, 'latin1').sort()) yield* visit(path === '' ? name : `${path}/${name}`);
  }
  yield* visit('');
}

function describe(path: string, native: string | Buffer, stat: BigIntStats): TreeEntry {
  return {
    path,
    mode: stat.mode.toString(8),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: stat.mtimeNs.toString(),
    xattrs: listXattrs(native).map((name) => `${name}=${getXattr(native, name)?.toString('hex') ?? ''}`),
  };
}

function ofType(
  native: string | Buffer,
  stat: BigIntStats,
  sameAs: string | undefined,
  buffer: Buffer,
): Partial<TreeEntry> {
  if (sameAs !== undefined) return { sameAs };
  if (stat.isFile()) return { sizeBytes: Number(stat.size), content: hashFile(native, 'sha256', buffer) };
  if (stat.isSymbolicLink()) return { sizeBytes: Number(stat.size), target: readlinkSync(native, 'latin1') };
  return stat.isCharacterDevice() || stat.isBlockDevice() ? { device: stat.rdev.toString() } : {};
}

/** One digest, `sha256:HEX`, over everything that `listTree` sees. */
export function digestTree(top: string): string {
  const hash = createHash('sha256');
  for (const { path, mode, uid, gid, sizeBytes, mtime, device, target, content, sameAs, xattrs } of listTree(top)) {
    const fields = [path, mode, uid, gid, sizeBytes, mtime, device, target, content, sameAs, xattrs];
    hash.update(`${JSON.stringify(fields.map((field) => field ?? null))}\n`, 'latin1');
  }
  return `sha256:${hash.digest('hex')}`;
}

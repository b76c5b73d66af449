// Makes one entry out of a header block and the extension records before it.
import { invalidArgument } from '../../../errors.ts';
import type { TarEntry, TarEntryType } from './entry.ts';
import type { TarHeader } from './header.ts';
import { parsePaxInteger, parsePaxTime } from './numbers.ts';

type Pax = ReadonlyMap<string, Buffer>;

/** What extension entries said about the entry that follows them. */
export interface TarExtensions {
  readonly pax: Pax;
  /** GNU L. */
  readonly longName: string | undefined;
  /** GNU K. */
  readonly longLink: string | undefined;
}

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
};
const XATTR_PREFIX = 'SCHILY.xattr.';
const MAX_ID = 2 ** 32 - 2;
const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

function typeOf(flag: string, path: string): TarEntryType {
  if (flag === '\0' && path.endsWith('/')) return 'directory';
  const type = TYPES[flag];
  if (type !== undefined) return type;
  if (flag === 'S') throw sparse(path);
  throw invalidArgument(`tar: entry "${path}" has the unknown type "${flag}"`);
}

function sparse(path: string): Error {
  return invalidArgument(
    `tar: entry "${path}" is a GNU sparse file, which layers must not hold; pack it without --sparse`,
  );
}

function checkedId(id: number, what: string, path: string): number {
  if (id < 0 || id > MAX_ID) throw invalidArgument(`tar: entry "${path}" has the impossible ${what} ${id}`);
  return id;
}

function xattrsOf(pax: Pax): ReadonlyMap<string, Buffer> {
  if (pax.size === 0) return NO_XATTRS;
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of pax) {
    if (key.startsWith(XATTR_PREFIX)) xattrs.set(key.slice(XATTR_PREFIX.length), value);
  }
  return xattrs;
}

/** What pax says under `key`; an empty value means that the header's own field counts. */
function override(pax: Pax, key: string): string | undefined {
  // Most entries have none.
  if (pax.size === 0) return undefined;
  const value = pax.get(key);
  return value === undefined || value.length === 0 ? undefined : value.toString('latin1');
}

function integer(pax: Pax, key: string, fallback: number): number {
  const text = override(pax, key);
  return text === undefined ? fallback : parsePaxInteger(text, key);
}

/** @throws invalid-argument when the entry makes no sense: no name, a negative size, an unknown type, a sparse file */
export function combine(header: TarHeader, { pax, longName, longLink }: TarExtensions): TarEntry {
  const path = override(pax, 'path') ?? longName ?? header.name;
  const linkPath = override(pax, 'linkpath') ?? longLink ?? header.linkName;
  if (path === '' || path.includes('\0') || linkPath.includes('\0'))
    throw invalidArgument('tar: entry without a usable name');
  if (pax.size > 0) for (const key of pax.keys()) if (key.startsWith('GNU.sparse.')) throw sparse(path);
  const type = typeOf(header.flag, path);
  const size = integer(pax, 'size', header.sizeBytes);
  if (size < 0) throw invalidArgument(`tar: entry "${path}" has a negative size`);
  const mtime = override(pax, 'mtime');
  return {
    type,
    path,
    linkPath: type === 'hardlink' || type === 'symlink' ? linkPath : '',
    sizeBytes: type === 'file' ? size : 0,
    mode: header.mode & 0o7777,
    uid: checkedId(integer(pax, 'uid', header.uid), 'uid', path),
    gid: checkedId(integer(pax, 'gid', header.gid), 'gid', path),
    mtime: mtime === undefined ? { seconds: header.mtimeSeconds, nanos: 0 } : parsePaxTime(mtime, 'mtime'),
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    xattrs: xattrsOf(pax),
  };
}

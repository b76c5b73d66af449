// Paths inside a container's root file system: an image's symlinks must never lead the daemon out of it.
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { failedPrecondition, isErrno } from '../errors.ts';

const MAX_SYMLINKS = 40;

/**
 * The host path of `path` as the container would resolve it: every symlink is followed with `root` as "/".
 * Components that do not exist are taken as they are.
 * @throws failed-precondition when the image's symlinks form a loop
 */
export function resolveInRoot(root: string, path: string): string {
  let resolved: string[] = [];
  let rest = path.split('/');
  for (let links = 0; rest.length > 0;) {
    const [name = '', ...after] = rest;
    rest = after;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      resolved = resolved.slice(0, -1);
      continue;
    }
    const target = linkTarget(join(root, ...resolved, name));
    if (target === undefined) {
      resolved = [...resolved, name];
      continue;
    }
    links += 1;
    if (links > MAX_SYMLINKS) throw failedPrecondition(`too many symlinks on the way to "${path}" in the image`);
    if (target.startsWith('/')) resolved = [];
    rest = [...target.split('/'), ...rest];
  }
  return join(root, ...resolved);
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Accounts files larger than this are not the work of an honest image. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The text of a small file inside the root, or '' when there is none. */
export function readInRoot(root: string, path: string): string {
  const file = resolveInRoot(root, path);
  try {
    const stat = lstatSync(file);
    if (!stat.isFile() || stat.size > MAX_FILE_BYTES) return '';
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return '';
    throw error;
  }
}

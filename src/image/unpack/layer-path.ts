// Paths inside a layer: made harmless, and read for whiteouts.
import { invalidArgument } from '../../errors.ts';

// PATH_MAX counts a leading slash and the closing NUL.
const MAX_PATH_BYTES = 4094;
const MAX_NAME_BYTES = 255;
// A name that is empty, `.` or `..`.
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/;
const WHITEOUT_PREFIX = '.wh.';
const META_PREFIX = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * `path` as seen from the layer's root, without a leading slash; the root itself is empty. Absolute paths are relative
 * to the root, and `..` never leads above it.
 *
 * @throws invalid-argument when the path or one name in it is longer than the kernel takes
 */
export function cleanLayerPath(path: string): string {
  // Most paths of a layer are clean but for a leading `./` or a directory's closing slash.
  const bare = path.slice(path.startsWith('./') ? 2 : 0, path.endsWith('/') ? -1 : undefined);
  if (bare.length <= MAX_NAME_BYTES && !UNCLEAN.test(bare)) return bare;
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
    if (name.length > MAX_NAME_BYTES) throw invalidArgument(`a name is longer than ${MAX_NAME_BYTES} bytes`);
  }
  const clean = names.join('/');
  if (clean.length > MAX_PATH_BYTES) throw invalidArgument(`the path is longer than ${MAX_PATH_BYTES} bytes`);
  return clean;
}

/** Directory and last name of a clean path. */
export function splitLayerPath(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) };
}

/** What an entry means by its name: a whiteout of `name`, an opaque directory, a storage driver's own file, or itself. */
export type Meaning =
  { readonly kind: 'plain' | 'opaque' | 'ignored' } | { readonly kind: 'whiteout'; readonly name: string };

/**
 * @throws invalid-argument for a whiteout of nothing, of `.` or of `..`, and for paths inside a whiteout
 * @see OCI image spec, layer.md "Whiteouts"
 */
export function meaningOf(path: string): Meaning {
  const { directory, name } = splitLayerPath(path);
  if (path.startsWith(META_PREFIX) || path.includes(`/${META_PREFIX}`)) {
    return { kind: name === OPAQUE && !directory.includes(META_PREFIX) ? 'opaque' : 'ignored' };
  }
  if (directory.startsWith(WHITEOUT_PREFIX) || directory.includes(`/${WHITEOUT_PREFIX}`)) {
    throw invalidArgument('the path lies inside a whiteout');
  }
  if (!name.startsWith(WHITEOUT_PREFIX)) return { kind: 'plain' };
  const hidden = name.slice(WHITEOUT_PREFIX.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw invalidArgument('the whiteout names no file');
  return { kind: 'whiteout', name: hidden };
}

// Paths inside a layer: made harmless, and read for whiteouts.
import { invalidArgument } from '../../errors.ts';

// PATH_MAX counts a leading slash and the closing NUL.
const MAX_PATH_BYTES = 4094;
const MAX_NAME_BYTES = 255;
// A name that is empty, `.` or `..`.
const UNCLEAN = /\/\.{0,2}(?:\/|$)/;
const WHITEOUT_PREFIX = '.wh.';
const META_PREFIX = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';
const PLAIN = { kind: 'plain' } as const;

/**
 * `path` as seen from the layer's root, with a leading slash; the root itself is empty. `..` never leads above it.
 *
 * @throws invalid-argument when the path or one name in it is longer than the kernel takes
 */
export function cleanLayerPath(path: string): string {
  // Most paths of a layer are clean but for a leading `./` or a directory's closing slash.
  const bare = path.startsWith('./') ? path.slice(1) : path.startsWith('/') ? path : `/${path}`;
  const clean = bare.endsWith('/') ? bare.slice(0, -1) : bare;
  return clean.length <= MAX_NAME_BYTES && !UNCLEAN.test(clean) ? clean : cleanNames(path);
}

function cleanNames(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
    if (name.length > MAX_NAME_BYTES) throw invalidArgument(`a name is longer than ${MAX_NAME_BYTES} bytes`);
  }
  const clean = names.join('/');
  if (clean.length > MAX_PATH_BYTES) throw invalidArgument(`the path is longer than ${MAX_PATH_BYTES} bytes`);
  return clean === '' ? '' : `/${clean}`;
}

/** Directory and last name of a clean path; both are empty for the root's. */
export function splitLayerPath(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** What an entry means by its name: a whiteout of `name`, an opaque directory, a storage driver's own file, or itself. */
export type Meaning =
  { readonly kind: 'plain' | 'opaque' | 'ignored' } | { readonly kind: 'whiteout'; readonly name: string };

/**
 * @throws invalid-argument for a whiteout of nothing, of `.` or of `..`, and for paths inside a whiteout
 * @see OCI image spec, layer.md "Whiteouts"
 */
export function meaningOf(path: string): Meaning {
  if (!path.includes(`/${WHITEOUT_PREFIX}`)) return PLAIN;
  const { directory, name } = splitLayerPath(path);
  if (path.includes(`/${META_PREFIX}`)) {
    return { kind: name === OPAQUE && !directory.includes(META_PREFIX) ? 'opaque' : 'ignored' };
  }
  if (directory.includes(`/${WHITEOUT_PREFIX}`)) {
    throw invalidArgument('the path lies inside a whiteout');
  }
  const hidden = name.slice(WHITEOUT_PREFIX.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw invalidArgument('the whiteout names no file');
  return { kind: 'whiteout', name: hidden };
}

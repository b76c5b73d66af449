// The tree a layer grows into: finds and makes directories, replaces what stands in the way. Paths here start at the
// layer's root, which is the calling thread's own root: links cannot lead out of it.
import { lstatSync, mkdirSync, readlinkSync, unlinkSync, type Stats } from 'node:fs';
import { invalidArgument, isErrno } from '../../errors.ts';
import { nativePath } from '../../host/byte-path.ts';
import { setXattr } from '../../host/kernel.ts';
import { removeByteTree } from '../../host/tree.ts';
import { splitLayerPath } from './layer-path.ts';
import { LayerTally } from './layer-tally.ts';
import type { TarTime } from './tar/entry.ts';

/** How a layer meets the layers below it. */
export type LayerMode =
  /** There are none. */
  | 'base'
  /** They exist but are not visible: whiteouts become overlay's marks. */
  | 'isolated'
  /** The root is an overlay of them: whiteouts remove. */
  | 'merged';

/** Thrown when a layer cannot be unpacked without seeing the layers below it. */
export class NeedsParents extends Error {}

const MAX_LINKS = 40;
export const DIRECTORY_MODE = 0o755;

export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

export class LayerTree {
  readonly mode: LayerMode;
  /** Modification times to be set when nothing is written any more. */
  readonly directoryTimes = new Map<string, TarTime>();
  readonly tally = new LayerTally();
  /** Paths this layer has made; kept in merged mode only. */
  readonly made = new Set<string>();
  // By clean path: the directory behind it.
  readonly #real = new Map<string, string>([['', '']]);
  #links = 0;

  constructor(mode: LayerMode) {
    this.mode = mode;
  }

  /**
   * The real directory, empty for the root, behind a clean path: links are followed inside the root, missing
   * directories made.
   *
   * @throws NeedsParents when only the layers below can tell what is there
   */
  directory(path: string): string {
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    const { directory, name } = splitLayerPath(path);
    const parent = this.directory(directory);
    this.#links = 0;
    const real = this.#step(parent, name);
    this.#real.set(path, real);
    return real;
  }

  #walk(from: string, names: readonly string[]): string {
    let real = from;
    for (const name of names) {
      if (name === '' || name === '.') continue;
      real = name === '..' ? real.slice(0, Math.max(real.lastIndexOf('/'), 0)) : this.#step(real, name);
    }
    return real;
  }

  #step(parent: string, name: string): string {
    const path = `${parent}/${name}`;
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    const stat = this.lookUp(path);
    if (stat?.isDirectory() === true) this.#real.set(path, path);
    else if (stat?.isSymbolicLink() === true) return this.#follow(parent, path);
    else if (stat !== undefined && !isWhiteout(stat)) throw invalidArgument(`"${path}" is not a directory`);
    else if (stat === undefined && this.mode === 'isolated') throw new NeedsParents(`directory "${path}" is implied`);
    else this.makeDirectory(path);
    return path;
  }

  #follow(parent: string, path: string): string {
    if (this.mode === 'isolated') throw new NeedsParents(`directory "${path}" is a link`);
    this.#links += 1;
    if (this.#links > MAX_LINKS) throw invalidArgument(`too many links at "${path}"`);
    const target = readlinkSync(nativePath(path), 'latin1');
    return this.#walk(target.startsWith('/') ? '' : parent, target.split('/'));
  }

  lookUp(path: string): Stats | undefined {
    return lstatSync(nativePath(path), { throwIfNoEntry: false });
  }

  /**
   * Makes a directory, replacing anything but a directory; one that is there stays with its content.
   * @returns whether it was made and nothing stood in the way
   */
  makeDirectory(path: string): boolean {
    let isFresh = true;
    try {
      mkdirSync(nativePath(path), DIRECTORY_MODE);
      this.tally.addDirectory();
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      isFresh = false;
      if (this.lookUp(path)?.isDirectory() !== true) {
        this.clear(path);
        mkdirSync(nativePath(path), DIRECTORY_MODE);
        // What stood here hid a directory below: its content must not come back.
        if (this.mode === 'isolated') this.makeOpaque(path);
      }
    }
    this.#real.set(path, path);
    this.note(path);
    return isFresh;
  }

  makeOpaque(path: string): void {
    setXattr(nativePath(path === '' ? '/' : path), 'trusted.overlay.opaque', Buffer.from('y'));
  }

  /** Runs `create` for a path that is not a directory; what is in its way is removed first. */
  place(path: string, create: (native: string | Buffer) => void): void {
    const native = nativePath(path);
    try {
      create(native);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      this.clear(path);
      create(native);
    }
    this.note(path);
  }

  /** Removes whatever is at `path`, with all below it. */
  clear(path: string): void {
    const stat = this.lookUp(path);
    if (stat === undefined) return;
    this.tally.spoil();
    if (stat.isDirectory()) {
      removeByteTree(path);
      for (const directory of this.directoryTimes.keys()) {
        if (directory === path || directory.startsWith(`${path}/`)) this.directoryTimes.delete(directory);
      }
    } else unlinkSync(nativePath(path));
    this.#real.clear();
    this.#real.set('', '');
  }

  /** Remembers in merged mode that this layer made `path`, and so what it stands in. */
  note(path: string): void {
    if (this.mode !== 'merged') return;
    for (let at = path; at !== '' && !this.made.has(at); at = at.slice(0, at.lastIndexOf('/'))) this.made.add(at);
  }
}

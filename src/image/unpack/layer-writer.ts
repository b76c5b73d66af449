// Writes the entries of one layer into its tree. Runs in the layer Worker, whose root is the layer's directory.
import { closeSync, constants, linkSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { DaemonError, errorMessage, invalidArgument, isErrno, withContext } from '../../errors.ts';
import { nativePath } from '../../host/byte-path.ts';
import { mknod } from '../../host/kernel.ts';
import { processUmask } from '../../host/procfs.ts';
import type { LimitGuard } from './limits.ts';
import { applyMetadata, applyTimes, finishFile, type FreshFile } from './layer-metadata.ts';
import { cleanLayerPath, meaningOf, splitLayerPath } from './layer-path.ts';
import { DIRECTORY_MODE, NeedsParents, type LayerTree } from './layer-tree.ts';
import type { TarEntry } from './tar/entry.ts';
import type { TarSink } from './tar/parser.ts';
import { hideLower, hideLowerContent, holds } from './whiteouts.ts';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
// Bits that a file can be made with, and those that the process takes away then.
const PLAIN_BITS = 0o777;
const UMASK = processUmask();
const SETGID = 0o2000;
const NODE_TYPES = { char: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

interface OpenFile extends FreshFile {
  readonly entry: TarEntry;
}

export class LayerWriter implements TarSink {
  readonly #tree: LayerTree;
  readonly #guard: LimitGuard;
  #open: OpenFile | undefined;
  #current = '';
  // New files take the group of such a directory instead of ours.
  #hasSetgid: boolean;

  constructor(tree: LayerTree, guard: LimitGuard) {
    this.#tree = tree;
    this.#guard = guard;
    this.#hasSetgid = tree.mode === 'merged';
  }

  onEntry(entry: TarEntry): void {
    this.#current = entry.path;
    try {
      this.#apply(entry);
    } catch (error) {
      throw this.#inContext(error);
    }
  }

  onData(piece: Buffer): void {
    const open = this.#open;
    if (open === undefined) return;
    try {
      for (let at = 0; at < piece.length;) at += writeSync(open.fd, piece, at);
    } catch (error) {
      throw this.#inContext(error);
    }
  }

  onEntryEnd(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    try {
      finishAndClose(open);
    } catch (error) {
      throw this.#inContext(error);
    }
    this.#tree.tally.addFile(open.entry.sizeBytes);
  }

  /** Sets what must come last. Call once, after the archive's end. */
  finish(): void {
    // Not a loop, which V8 would compile anew for every layer as the only way into this function's fast code.
    this.#tree.directoryTimes.forEach((time, path) => applyTimes(path, time));
  }

  #apply(entry: TarEntry): void {
    this.#guard.countEntry();
    const path = cleanLayerPath(entry.path);
    this.#guard.checkDepth(path);
    if (path === '') {
      this.#applyRoot(entry);
      return;
    }
    const meaning = meaningOf(path);
    if (meaning.kind === 'ignored') return;
    const { directory, name } = splitLayerPath(path);
    const real = this.#tree.directory(directory);
    if (meaning.kind === 'opaque') hideLowerContent(this.#tree, real);
    else if (meaning.kind === 'whiteout') hideLower(this.#tree, `${real}/${meaning.name}`);
    else this.#make(real === directory ? path : `${real}/${name}`, entry);
  }

  #applyRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') throw invalidArgument('the root of a layer must be a directory');
    applyMetadata('/', entry);
    if ((entry.mode & SETGID) !== 0) this.#hasSetgid = true;
    this.#tree.directoryTimes.set('/', entry.mtime);
  }

  #make(path: string, entry: TarEntry): void {
    switch (entry.type) {
      case 'file': {
        this.#tree.place(path, (native) => {
          const mode = entry.mode & PLAIN_BITS;
          const fd = openSync(native, NEW_FILE, mode);
          this.#open = { fd, path, entry, mode: mode & ~UMASK, isOfRoot: !this.#hasSetgid };
        });
        return;
      }
      case 'directory': {
        const isFresh = this.#tree.makeDirectory(path);
        if (!isFresh || this.#hasSetgid || !isPlainDirectory(entry)) applyMetadata(path, entry);
        if ((entry.mode & SETGID) !== 0) this.#hasSetgid = true;
        this.#tree.directoryTimes.set(path, entry.mtime);
        return;
      }
      case 'symlink': {
        this.#tree.place(path, (native) => symlinkSync(nativePath(entry.linkPath), native));
        this.#tree.tally.addSymlink(entry.linkPath);
        this.#finish(path, entry);
        return;
      }
      case 'hardlink': {
        this.#link(path, entry.linkPath);
        return;
      }
      case 'char':
      case 'block':
      case 'fifo': {
        const mode = NODE_TYPES[entry.type] | entry.mode;
        this.#tree.place(path, (native) => mknod(native, mode, entry.deviceMajor, entry.deviceMinor));
        this.#tree.tally.addNode();
        this.#finish(path, entry);
      }
    }
  }

  #link(path: string, linkPath: string): void {
    const { directory, name } = splitLayerPath(cleanLayerPath(linkPath));
    const target = `${this.#tree.directory(directory)}/${name}`;
    if (target === path) return;
    if (!holds(this.#tree, target)) {
      if (this.#tree.mode === 'isolated') throw new NeedsParents(`hard link to "${linkPath}"`);
      throw invalidArgument(`it is a hard link to "${linkPath}", which does not exist`);
    }
    this.#tree.place(path, (native) => linkSync(nativePath(target), native));
  }

  #finish(path: string, entry: TarEntry): void {
    applyMetadata(path, entry);
    applyTimes(path, entry.mtime);
  }

  #inContext(error: unknown): unknown {
    if (error instanceof NeedsParents) return error;
    const subject = `entry "${this.#current}"`;
    if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
      return new DaemonError('resource-exhausted', `${subject}: ${errorMessage(error)}`, error);
    }
    return withContext(subject, error);
  }
}

function finishAndClose(open: OpenFile): void {
  try {
    finishFile(open, open.entry);
  } finally {
    closeSync(open.fd);
  }
}

/** Whether a directory that was just made is as the entry wants it. */
function isPlainDirectory({ uid, gid, mode, xattrs }: TarEntry): boolean {
  return uid === 0 && gid === 0 && mode === (DIRECTORY_MODE & ~UMASK) && xattrs.size === 0;
}

// SELinux labels of whole trees. Synchronous: for Worker threads only.
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { errorMessage, failedPrecondition, isErrno } from '../errors.ts';
import { bytePath, nativePath } from './byte-path.ts';
import type { KernelPath } from './kernel.ts';
import { fileLabel, setFileLabel } from './selinux.ts';

/** Each level holds a descriptor, of which the daemon shall have some left. */
const MAX_DEPTH = 512;

/**
 * Gives everything in a tree a label, other file systems mounted inside included, and its top last: a tree whose top
 * has the label is taken for done. Containers may be at work inside, so every step is from an open directory and none
 * follows a link: nothing outside can be reached.
 * @param path without symbolic links
 * @returns whether there was anything to do
 * @throws failed-precondition with the path of a file that refuses the label, and for a tree that is too deep
 */
export function labelTree(path: string, label: string): boolean {
  if (fileLabel(path) === label) return false;
  const top = openDirectory(path);
  if (top === undefined) {
    labelOne(path, label, path);
    return true;
  }
  try {
    labelEntries({ fd: top, path: bytePath(path), depth: 1 }, label);
    labelOne(`/proc/self/fd/${top}/.`, label, path);
  } finally {
    closeSync(top);
  }
  return true;
}

interface OpenDirectory {
  readonly fd: number;
  /** A byte string, for messages: it may lead elsewhere by now. */
  readonly path: string;
  readonly depth: number;
}

function labelEntries(directory: OpenDirectory, label: string): void {
  const { fd, path, depth } = directory;
  if (depth > MAX_DEPTH) throw failedPrecondition(`"${path}" is deeper than ${MAX_DEPTH} directories`);
  const here = `/proc/self/fd/${fd}`;
  for (const entry of readdirSync(here, { encoding: 'latin1', withFileTypes: true })) {
    const native = nativePath(`${here}/${entry.name}`);
    const shown = `${path}/${entry.name}`;
    // Before what is in it: new files take after their directory.
    labelOne(native, label, shown);
    const inner = entry.isDirectory() ? openDirectory(native) : undefined;
    if (inner === undefined) continue;
    try {
      labelEntries({ fd: inner, path: shown, depth: depth + 1 }, label);
    } finally {
      closeSync(inner);
    }
  }
}

/** undefined for what is gone or no directory. */
function openDirectory(path: KernelPath): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}

function labelOne(path: KernelPath, label: string, shown: string): void {
  try {
    setFileLabel(path, label);
  } catch (error) {
    // Gone meanwhile, or on a read-only file system that has it so already.
    if (isErrno(error, 'ENOENT') || (isErrno(error, 'EROFS') && fileLabel(path) === label)) return;
    const file = Buffer.from(shown, 'latin1').toString();
    throw failedPrecondition(`"${file}" cannot have the label "${label}": ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? errorMessage(error);
}

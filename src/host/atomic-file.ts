// Durable file replacement: a reader sees the old content or the new, also after a power cut.
import { open, rename, rm } from 'node:fs/promises';
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../errors.ts';

let counter = 0;
function temporaryName(path: string): string {
  counter += 1;
  return `${path}.tmp-${process.pid}-${counter}`;
}

/** Replaces `path` with `data`: temporary file, fsync, rename, fsync of the directory. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  await replace(path, data, mode, true);
  await syncDirectory(dirname(path));
}

/**
 * `writeFileAtomic` without waiting for the disk: whole for every process at once, but for the time being a power cut
 * may leave nothing of it, or an empty file.
 */
export async function replaceFile(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  await replace(path, data, mode, false);
}

async function replace(path: string, data: string | Uint8Array, mode: number, isSynced: boolean): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      if (isSynced) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes the entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Renames what may have vanished already; false when it has. */
export async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return false;
  }
}

/** `writeFileAtomic` for volatile directories, where a power cut loses everything anyway: no fsync. */
export function replaceFileSync(path: string, data: string | Uint8Array, mode = 0o600): void {
  const temporary = temporaryName(path);
  const fd = openSync(temporary, 'wx', mode);
  try {
    if (typeof data === 'string') writeSync(fd, data);
    else writeSync(fd, data);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

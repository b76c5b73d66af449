// Reads how a container ended from what conmon left behind.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../errors.ts';
import type { ContainerExit, ContainerRef } from '../driver.ts';
import { bundleFiles } from './bundle-files.ts';

const LOST_EXIT_CODE = 255;

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

async function readOne(path: string): Promise<{ code: number; finishedAt: bigint } | undefined> {
  try {
    const [text, { mtimeNs }] = await Promise.all([readFile(path, 'latin1'), stat(path, { bigint: true })]);
    return { code: /^\d+$/.test(text.trim()) ? Number(text) : -1, finishedAt: mtimeNs };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The exit conmon recorded, or undefined while there is none. Its time is the file's own. */
export async function readExit(exitDir: string, container: ContainerRef): Promise<ContainerExit | undefined> {
  const files = bundleFiles(container.bundle);
  const exit = (await readOne(join(exitDir, container.id))) ?? (await readOne(files.exit));
  if (exit === undefined) return undefined;
  // conmon writes -1 when it could not learn the code itself.
  const known = exit.code >= 0 && exit.code <= 255;
  return {
    exitCode: known ? exit.code : LOST_EXIT_CODE,
    finishedAt: exit.finishedAt,
    oomKilled: await exists(files.oom),
    known,
  };
}

/** The exit of a container whose monitor died before it could record one. */
export async function lostExit(container: ContainerRef): Promise<ContainerExit> {
  const oomKilled = await exists(bundleFiles(container.bundle).oom);
  return { exitCode: LOST_EXIT_CODE, finishedAt: BigInt(Date.now()) * 1_000_000n, oomKilled, known: false };
}

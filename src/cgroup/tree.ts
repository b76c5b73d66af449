// Makes, empties and removes one cgroup directory and what is below it, in one hierarchy.
import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isErrno } from '../errors.ts';
import { readText } from './parse.ts';

/** `mkdir -p`; `mountPoint` itself must exist. */
export function makeTree(mountPoint: string, dir: string): void {
  if (dir === mountPoint || dir.length <= mountPoint.length) return;
  makeTree(mountPoint, dirname(dir));
  try {
    mkdirSync(dir, 0o755);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  inheritCpuset(dir);
}

// A new cpuset of v1 holds no processor and so no process, until it is given its parent's.
function inheritCpuset(dir: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    if (readText(dir, name) !== '') continue;
    const inherited = readText(dirname(dir), name);
    if (inherited) writeFileSync(join(dir, name), inherited);
  }
}

/** The directory's subdirectories at all depths, deepest first, itself last; empty when it does not exist. */
export function subtree(dir: string): string[] {
  try {
    const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...below.flatMap(({ name }) => subtree(join(dir, name))), dir];
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENODEV')) return [];
    throw error;
  }
}

/** Processes of the directory and below it. */
export function processesBelow(dir: string): number[] {
  return subtree(dir).flatMap((cgroup) =>
    (readText(cgroup, 'cgroup.procs') ?? '').split('\n').filter(Boolean).map(Number),
  );
}

const RETRY_MS = [1, 2, 5, 10, 20, 50, 100, 200];

/**
 * Removes the directory and what is below it. One that is gone is fine. A cgroup is busy for a moment after its last
 * process ended, so this waits up to 0.4 s.
 * @throws the system error EBUSY when processes remain
 */
export async function removeTree(dir: string): Promise<void> {
  for (const pauseMs of RETRY_MS) {
    if (tryRemove(dir)) return;
    await setTimeout(pauseMs);
  }
  for (const cgroup of subtree(dir)) rmdirSync(cgroup);
}

function tryRemove(dir: string): boolean {
  try {
    for (const cgroup of subtree(dir)) rmdirSync(cgroup);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EBUSY')) return false;
    throw error;
  }
}

/** Sends SIGKILL to every process of a v2 cgroup at once. @returns whether the kernel offers that here */
export function killTree(dir: string): boolean {
  try {
    // Without O_CREAT, which the kernel would answer with EACCES rather than ENOENT.
    writeFileSync(join(dir, 'cgroup.kill'), '1', { flag: 'r+' });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EOPNOTSUPP') || isErrno(error, 'ENODEV')) return false;
    throw error;
  }
}

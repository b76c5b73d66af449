// What processes hold open, counted from /proc.
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';

export interface OpenFiles {
  readonly descriptors: number;
  /** How many of them are sockets. */
  readonly sockets: number;
}

/** Links read before other work gets a turn: some 0.5 ms. */
const SLICE = 250;

/** Sums over processes. One that ends meanwhile counts as far as it was read. */
export async function countOpenFiles(pids: readonly number[]): Promise<OpenFiles> {
  let descriptors = 0;
  let sockets = 0;
  for (const pid of pids) {
    const directory = `/proc/${pid}/fd`;
    const names = await readdir(directory).catch(() => []);
    descriptors += names.length;
    for (let start = 0; start < names.length; start += SLICE) {
      if (start > 0) await new Promise(setImmediate);
      sockets += names.slice(start, start + SLICE).filter((name) => isSocket(`${directory}/${name}`)).length;
    }
  }
  return { descriptors, sockets };
}

function isSocket(link: string): boolean {
  try {
    return readlinkSync(link, 'latin1').startsWith('socket:');
  } catch {
    return false;
  }
}

/** The soft limit of a process's open files; undefined when there is no such process, or no limit. */
export function openFilesLimit(pid: number): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)\s/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

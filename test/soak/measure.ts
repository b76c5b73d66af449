// What a daemon and all below it hold, seen from outside and by its own report.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Holdings } from '../../src/daemon/holdings.ts';
import { readIfThere } from '../support/read-if-there.ts';

const REPORT = '"msg":"holdings"';
const REPORT_TRIES = 200;

export interface Measured extends Holdings {
  readonly pssBytes: number;
  readonly threads: number;
  /** Processes by name: all that are below the lab but this one. */
  readonly processes: Readonly<Record<string, number>>;
  /** FIFOs, sockets, files and directories below the daemon's run directory. */
  readonly entries: Readonly<Record<string, number>>;
  readonly mounts: number;
}

export async function measure(pid: number, logPath: string, run: string): Promise<Measured> {
  return {
    ...(await report(pid, logPath)),
    pssBytes: Number(/^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024,
    threads: readdirSync(`/proc/${pid}/task`).length,
    processes: count(relatives().map((other) => readIfThere(`/proc/${other}/comm`).trim())),
    entries: count(entriesBelow(run)),
    mounts: readFileSync('/proc/self/mountinfo', 'latin1').split('\n').length,
  };
}

/** Asks the daemon for its own view, which it logs. */
async function report(pid: number, logPath: string): Promise<Holdings> {
  const reports = () =>
    readFileSync(logPath, 'utf8')
      .split('\n')
      .filter((line) => line.includes(REPORT));
  const before = reports().length;
  process.kill(pid, 'SIGUSR2');
  for (let tries = 0; tries < REPORT_TRIES; tries += 1) {
    const lines = reports();
    if (lines.length > before) return JSON.parse(lines.at(-1)!) as Holdings;
    await sleep(50);
  }
  throw new RangeError('the daemon did not report what it holds');
}

function entriesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: false }).flatMap((entry) => {
    const kind = entry.isFIFO() ? 'fifo' : entry.isSocket() ? 'socket' : entry.isDirectory() ? 'directory' : 'file';
    // Root file systems are the containers' own.
    const inner = entry.isDirectory() && entry.name !== 'rootfs' ? entriesBelow(`${directory}/${entry.name}`) : [];
    return [kind, ...inner];
  });
}

/** Whatever has the mount namespace of this process, or descends from what has. */
function relatives(): string[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [pid, /^PPid:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? '0']),
  );
  const chain = (pid: string): string[] => (pid === '0' || pid === '1' ? [] : [pid, ...chain(parents.get(pid) ?? '0')]);
  const root = chain(String(process.pid)).find((pid) => readIfThere(`/proc/${pid}/comm`).trim() === 'subreaper');
  if (root === undefined) throw new RangeError('there is no lab around this process: run "npm run soak"');
  return [...parents.keys()].filter((pid) => pid !== String(process.pid) && chain(pid).includes(root));
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

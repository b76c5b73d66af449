import { afterAll, afterEach, describe, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { killSession, killTree } from '../../../src/host/kill.ts';
import { OrphanReaper } from '../../../src/host/orphans.ts';
import { listPids } from '../../../src/host/procfs.ts';
import { eventually } from '../../support/eventually.ts';
import { readIfThere } from '../../support/read-if-there.ts';

const MARK = 'sleep 8401';
// Starts processes as fast as it can, each of which stays; not so many that they outlive a failed test by much.
const BUSY = `i=0; while [ $i -lt 200 ]; do ${MARK} & i=$((i + 1)); done; wait`;

// This process adopts what is orphaned here, and scans get slow among thousands that nobody reaps.
const orphans = new OrphanReaper(50);
const children: ChildProcess[] = [];

function start(script: string): ChildProcess {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
  children.push(child);
  return child;
}

const marked = () =>
  listPids().filter((pid) => readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() === MARK);

afterAll(() => orphans.close());

afterEach(() => {
  children.splice(0).forEach((child) => child.kill('SIGKILL'));
  marked().forEach((pid) => process.kill(pid, 'SIGKILL'));
});

describe.each([
  ['killSession()', killSession, BUSY],
  ['killTree()', killTree, BUSY],
  ['killTree()', killTree, `sh -c '${BUSY}' & wait`],
] as const)('%s', (_name, kill, script) => {
  it('leaves nothing of what starts processes meanwhile', async () => {
    for (let round = 0; round < 20; round += 1) {
      const child = start(script);
      await sleep(20 + round);

      kill(child.pid!);

      await eventually(() => marked().length === 0);
    }
  }, 60_000);
});

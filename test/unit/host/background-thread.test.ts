import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { hasOwnCpuShare } from '../../../src/host/background-thread.ts';

describe('hasOwnCpuShare()', () => {
  it.each([
    { where: 'a service on cgroup v2', cgroups: ['0::/system.slice/crisol.service'], own: true },
    { where: 'the root of cgroup v2', cgroups: ['0::/'], own: false },
    { where: 'a cgroup v1 for processors', cgroups: ['3:cpu,cpuacct:/system.slice', '0::/'], own: true },
    { where: 'the root of cgroup v1', cgroups: ['3:cpu,cpuacct:/', '2:memory:/a', '0::/init.scope'], own: false },
    { where: 'a login', cgroups: ['0::/user.slice/user-0.slice/session-3.scope'], own: false },
    { where: 'a host without cgroups', cgroups: [], own: false },
  ])('tells it of $where', ({ cgroups, own }) => {
    expect(hasOwnCpuShare(cgroups)).toBe(own);
  });
});

describe('becomeBackground()', () => {
  it('is for the calling thread alone', async () => {
    const background = new URL('../../../src/host/background-thread.js', import.meta.url).href;
    const source = `
      const { parentPort } = require('node:worker_threads');
      const { getPriority } = require('node:os');
      const { readlinkSync } = require('node:fs');
      import(${JSON.stringify(background)}).then(({ becomeBackground }) => {
        becomeBackground();
        parentPort.postMessage(getPriority(Number(/\\d+$/.exec(readlinkSync('/proc/thread-self'))[0])));
      });`;
    const before = getPriority();
    const worker = new Worker(source, { eval: true });
    const niceness = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    await worker.terminate();

    expect(niceness).toBeGreaterThan(before);
    expect(getPriority()).toBe(before);
  });
});

describe('putHelpersBehind()', () => {
  it.each([
    { niceness: 0, steps: 5 },
    { niceness: 17, steps: 2 },
  ])('leaves the first thread in front of those that are there, from $niceness', ({ niceness, steps }) => {
    const background = new URL('../../../src/host/background-thread.js', import.meta.url).href;
    const source = `
      const { getPriority } = require('node:os');
      const { readdirSync } = require('node:fs');
      const before = getPriority();
      import(${JSON.stringify(background)}).then(({ putHelpersBehind }) => {
        putHelpersBehind();
        const helpers = readdirSync('/proc/self/task').map(Number).filter((tid) => tid !== process.pid);
        console.log(JSON.stringify([process.pid, ...helpers].map((tid) => getPriority(tid) - before)));
      });`;
    const args = ['-n', String(niceness - getPriority()), process.execPath, '-e', source];
    const output = execFileSync('nice', args, { encoding: 'utf8' });
    const [own, ...helpers] = JSON.parse(output) as number[];

    expect(own).toBe(0);
    expect(new Set(helpers)).toEqual(new Set([steps]));
  });
});

import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
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

describe('schedIdle()', () => {
  it('is for the calling thread alone', async () => {
    const kernel = new URL('../../../src/host/kernel.js', import.meta.url).href;
    const source = `
      const { parentPort } = require('node:worker_threads');
      const { readFileSync } = require('node:fs');
      import(${JSON.stringify(kernel)}).then(({ schedIdle, gettid }) => {
        schedIdle();
        parentPort.postMessage(readFileSync('/proc/self/task/' + gettid() + '/stat', 'latin1'));
      });`;
    const worker = new Worker(source, { eval: true });
    const stat = await new Promise<string>((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();

    expect(policyOf(stat)).toBe(5);
    expect(policyOf(readFileSync('/proc/self/stat', 'latin1'))).toBe(0);
  });
});

// Field 41 of proc_pid_stat(5); the second one, in brackets, may have spaces.
function policyOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3]);
}

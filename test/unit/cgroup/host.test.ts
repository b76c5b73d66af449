import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CgroupHost } from '../../../src/cgroup/host.ts';
import type { CgroupStats } from '../../../src/cgroup/stats.ts';
import { CgroupFixture, HYBRID_FILES, V1_CONTROLLERS, V1_FILES, V2_FILES } from './fixture.ts';
import type { Files, Version } from './fixture.ts';

let fixture: CgroupFixture | undefined;

function make(version: Version, files: Files = {}): CgroupFixture {
  fixture = new CgroupFixture(version, files);
  return fixture;
}

afterEach(() => {
  fixture?.remove();
  fixture = undefined;
});

const CPU_PRESSURE = {
  some: { avg10: 0.25, avg60: 1.7, avg300: 4.38, totalMicros: 51610069n },
  full: { avg10: 0, avg60: 0, avg300: 0, totalMicros: 0n },
};
const IO_PRESSURE = { some: { avg10: 1, avg60: 0, avg300: 0, totalMicros: 7n }, full: undefined };

const COMMON: Omit<CgroupStats, 'timestampNanos' | 'pressure' | 'swap' | 'cpuUsageNanos'> = {
  memory: {
    usageBytes: 10000,
    workingSetBytes: 6000,
    rssBytes: 3000,
    availableBytes: 14000,
    pageFaults: 50,
    majorPageFaults: 6,
  },
  processCount: 9,
  io: { readBytes: 105, writeBytes: 20, readOperations: 3, writeOperations: 2 },
};

describe('CgroupHost.limitMemory()', () => {
  const text = (path: string) => readFileSync(join(fixture?.root ?? '', path), 'latin1');

  it('limits memory, and memory with swap, on v1', () => {
    make('v1', V1_FILES).host().limitMemory('/pods/a', 4096);

    expect(text('memory/pods/a/memory.limit_in_bytes')).toBe('4096');
    expect(text('memory/pods/a/memory.memsw.limit_in_bytes')).toBe('4096');
  });

  it('limits memory and allows no swap on v2, and takes both limits away', () => {
    const host = make('v2', V2_FILES).host();

    host.limitMemory('/pods/a', 4096);
    expect([text('pods/a/memory.max'), text('pods/a/memory.swap.max')]).toEqual(['4096', '0']);
    host.limitMemory('/pods/a', undefined);
    expect([text('pods/a/memory.max'), text('pods/a/memory.swap.max')]).toEqual(['max', 'max']);
  });
});

describe('CgroupHost.readStats()', () => {
  it.each([
    { version: 'v1', files: V1_FILES, cpu: 7000000001n, pressure: undefined },
    { version: 'v2', files: V2_FILES, cpu: 7000000000n, pressure: CPU_PRESSURE },
    { version: 'hybrid', files: HYBRID_FILES, cpu: 7000000001n, pressure: CPU_PRESSURE },
  ] as const)('reads every field on $version', ({ version, files, cpu, pressure }) => {
    const stats = make(version, files).host().readStats('/pods/a');

    expect(stats).toMatchObject(COMMON);
    expect(stats?.cpuUsageNanos).toBe(cpu);
    expect(stats?.swap).toEqual({ usageBytes: 1000, availableBytes: 4000 });
    expect(stats?.pressure.cpu).toEqual(pressure);
    expect(stats?.pressure.io).toEqual(pressure && IO_PRESSURE);
    expect(stats?.pressure.memory).toBeUndefined();
    expect(Number(stats?.timestampNanos) / 1e6).toBeCloseTo(Date.now(), -5);
  });

  it.each([
    { version: 'v1', files: { 'memory/pods/a/memory.usage_in_bytes': '5\n' } },
    { version: 'v2', files: { 'pods/a/memory.current': '5\n', 'pods/a/memory.max': 'max\n' } },
  ] as const)('leaves out what $version does not offer', ({ version, files }) => {
    const stats = make(version, files).host().readStats('/pods/a');

    expect(stats?.memory).toEqual({ usageBytes: 5 });
    expect(stats).toMatchObject({ swap: {}, pressure: {} });
    expect([stats?.cpuUsageNanos, stats?.processCount, stats?.io]).toEqual([undefined, undefined, undefined]);
  });

  it('takes the largest number of v1 for no limit', () => {
    const unlimited = { 'memory/pods/a/memory.limit_in_bytes': '9223372036854771712\n' };

    const stats = make('v1', { ...V1_FILES, ...unlimited })
      .host()
      .readStats('/pods/a');

    expect(stats?.memory.availableBytes).toBeUndefined();
    expect(stats?.swap.availableBytes).toBeUndefined();
  });

  it('is undefined for a cgroup that is gone', () => {
    expect(make('hybrid', HYBRID_FILES).host().readStats('/pods/none')).toBeUndefined();
  });
});

describe('CgroupHost.oomKills()', () => {
  it.each([
    { version: 'v1', files: V1_FILES },
    { version: 'v2', files: V2_FILES },
  ] as const)('counts on $version', ({ version, files }) => {
    const host = make(version, files).host();

    expect(host.oomKills('/pods/a')).toBe(2);
    expect(host.oomKills('/pods/none')).toBeUndefined();
  });
});

describe('CgroupHost.facts', () => {
  it.each([
    { version: 'v1', files: V1_FILES, facts: { swapAccounting: true, hugetlb: false, pids: true } },
    { version: 'v1', files: {}, facts: { swapAccounting: false, hugetlb: false, pids: true } },
    { version: 'v2', files: V2_FILES, facts: { swapAccounting: true, hugetlb: true, pids: true } },
    {
      version: 'v2',
      files: { 'cgroup.controllers': 'memory\n' },
      facts: { swapAccounting: true, hugetlb: false, pids: false },
    },
    {
      version: 'v2',
      files: { 'cgroup.controllers': 'memory\n', 'init/memory.max': 'max\n' },
      facts: { swapAccounting: false, hugetlb: false, pids: false },
    },
    { version: 'v2', files: {}, facts: { swapAccounting: false, hugetlb: false, pids: false } },
    {
      version: 'hybrid',
      files: { ...HYBRID_FILES, 'unified/cgroup.controllers': 'hugetlb\n' },
      facts: { swapAccounting: true, hugetlb: false, pids: true },
    },
  ] as const)('tells what $version can limit: $facts', ({ version, files, facts }) => {
    expect(make(version, files).host().facts).toEqual(facts);
  });
});

describe('CgroupHost.detect()', () => {
  it.each(['v1', 'v2', 'hybrid'] as const)('recognises %s', (version) => {
    expect(make(version).host().version).toBe(version);
  });

  it.each([
    { driver: 'auto', systemdRunning: true, expected: 'systemd' },
    { driver: 'auto', systemdRunning: false, expected: 'cgroupfs' },
    { driver: 'cgroupfs', systemdRunning: true, expected: 'cgroupfs' },
    { driver: 'systemd', systemdRunning: true, expected: 'systemd' },
  ] as const)('picks $expected for $driver with systemd $systemdRunning', ({ expected, ...options }) => {
    const { mounts } = make('v2');

    expect(CgroupHost.detect({ ...options, mounts }).driver).toBe(expected);
  });

  it('refuses systemd where it does not run, and a host without cgroups', () => {
    const { mounts } = make('v2');

    expect(() => CgroupHost.detect({ driver: 'systemd', mounts, systemdRunning: false })).toThrow('does not run here');
    expect(() => CgroupHost.detect({ driver: 'auto', mounts: [], systemdRunning: false })).toThrow('no cgroup file');
  });
});

describe('CgroupHost.ensure() and remove()', () => {
  it.each(['v1', 'v2', 'hybrid'] as const)('make and remove a tree in every hierarchy of %s', async (version) => {
    const { mounts, ...rest } = make(version);
    const host = CgroupHost.detect({ driver: 'cgroupfs', mounts, systemdRunning: false });

    host.ensure('/pods/a');
    host.ensure('/pods/a');
    expect(mounts.map(({ target }) => existsSync(join(target, 'pods/a')))).toEqual(mounts.map(() => true));
    expect(host.exists('/pods/a')).toBe(true);
    mkdirSync(join(mounts[0]!.target, 'pods/a/b/c'), { recursive: true });

    await host.remove('/pods');
    await host.remove('/pods');
    expect(host.exists('/pods')).toBe(false);
    expect(existsSync(rest.root)).toBe(true);
  });

  it('gives a new cpuset its parent’s processors', () => {
    const files = { 'cpuset/cpuset.cpus': '0-1\n', 'cpuset/cpuset.mems': '0\n' };
    const v1 = make('v1', { ...files, 'cpuset/pods/cpuset.cpus': '\n', 'cpuset/pods/cpuset.mems': '\n' });

    v1.host().ensure('/pods');

    expect(readFileSync(join(v1.root, 'cpuset/pods/cpuset.cpus'), 'utf8')).toBe('0-1');
    expect(readFileSync(join(v1.root, 'cpuset/pods/cpuset.mems'), 'utf8')).toBe('0');
  });

  it('make nothing, and leave scopes alone, where systemd is the driver', async () => {
    const host = make('v2', { 'pods.slice/a.scope/cgroup.procs': '' }).host('systemd');

    host.ensure('/other.slice');
    await host.remove('/pods.slice/a.scope');
    await host.remove('/gone.slice');

    expect([host.exists('/other.slice'), host.exists('/pods.slice/a.scope')]).toEqual([false, true]);
  });

  it.each(['/', '', '/.', 'pods', '/pods/../..'])('refuse the root or a path outside: "%s"', async (path) => {
    const host = make('v2').host();

    expect(() => host.ensure(path)).toThrow('not a cgroup below the root');
    expect(() => host.killAll(path)).toThrow('not a cgroup below the root');
    await expect(host.remove(path)).rejects.toThrow('not a cgroup below the root');
  });
});

describe('CgroupHost.processes() and killAll()', () => {
  it.each([
    { version: 'v1', files: V1_FILES },
    { version: 'v2', files: V2_FILES },
  ] as const)('list the whole subtree on $version', ({ version, files }) => {
    const host = make(version, files).host();

    expect(host.processes('/pods/a').sort()).toEqual([101, 102, 103]);
    expect(host.processes('/pods/none')).toEqual([]);
  });

  it('write to cgroup.kill where the kernel has it', () => {
    const v2 = make('v2', { 'pods/a/cgroup.kill': '' });

    v2.host().killAll('/pods/a');

    expect(readFileSync(join(v2.root, 'pods/a/cgroup.kill'), 'utf8')).toBe('1');
  });

  it('signal each process otherwise, and forgive those that are gone', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    const v1 = make('v1', { 'pids/pods/a/cgroup.procs': `${child.pid ?? 0}\n4194303\n${process.pid}\n1\n` });

    v1.host().killAll('/pods/a');

    expect(await exited).toEqual([null, 'SIGKILL']);
  });

  it('look in another hierarchy when pids is not there', () => {
    const v1 = make('v1', { [`${V1_CONTROLLERS[2]!}/pods/a/cgroup.procs`]: '7\n' });

    expect(v1.host().processes('/pods/a')).toEqual([7]);
  });
});

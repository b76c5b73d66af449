import { afterEach, describe, expect, it } from '@jest/globals';
import { CgroupFixture, V1_CONTROLLERS } from './fixture.ts';
import type { Files, Version } from './fixture.ts';

let fixture: CgroupFixture | undefined;

afterEach(() => {
  fixture?.remove();
  fixture = undefined;
});

function read(version: Version, files: Files, path = '/p'): unknown {
  fixture = new CgroupFixture(version, files, [...V1_CONTROLLERS, 'cpu', 'hugetlb']);
  return fixture.host().readMetrics(path);
}

const V1: Files = {
  'cpuacct/p/cpuacct.usage': '9007199254740993\n',
  'cpuacct/p/cpuacct.usage_user': '4000000000\n',
  'cpuacct/p/cpuacct.usage_sys': '3000000000\n',
  'cpu/p/cpu.stat': 'nr_periods 12\nnr_throttled 3\nthrottled_time 5000000000\nwait_sum 1\n',
  'cpu/p/cpu.cfs_period_us': '100000\n',
  'cpu/p/cpu.cfs_quota_us': '20000\n',
  'cpu/p/cpu.shares': '512\n',
  'memory/p/memory.stat':
    'cache 1\npgfault 8\npgmajfault 2\ntotal_cache 100\ntotal_rss 200\ntotal_mapped_file 30\ntotal_swap 40\n' +
    'total_active_file 60\ntotal_inactive_file 50\ntotal_pgfault 18\ntotal_pgmajfault 12\n',
  'memory/p/memory.usage_in_bytes': '350\n',
  'memory/p/memory.max_usage_in_bytes': '900\n',
  'memory/p/memory.kmem.usage_in_bytes': '70\n',
  'memory/p/memory.failcnt': '4\n',
  'memory/p/memory.limit_in_bytes': '1000\n',
  'memory/p/memory.memsw.limit_in_bytes': '9223372036854771712\n',
  'memory/p/memory.soft_limit_in_bytes': '9223372036854771712\n',
  'memory/p/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  'pids/p/pids.current': '9\n',
  'pids/p/pids.max': 'max\n',
  'hugetlb/p/hugetlb.2MB.usage_in_bytes': '4194304\n',
  'hugetlb/p/hugetlb.2MB.max_usage_in_bytes': '6291456\n',
  'hugetlb/p/hugetlb.2MB.limit_in_bytes': '1\n',
  'hugetlb/p/hugetlb.1GB.usage_in_bytes': '0\n',
  'blkio/p/blkio.throttle.io_service_bytes_recursive': '8:0 Read 100\n8:0 Write 20\n8:16 Read 5\nTotal 125\n',
  'blkio/p/blkio.throttle.io_serviced_recursive': '8:0 Read 3\n8:0 Write 2\nTotal 5\n',
};

const V2: Files = {
  'p/cpu.stat':
    'usage_usec 7000000\nuser_usec 4000000\nsystem_usec 3000000\nnr_periods 12\nnr_throttled 3\nthrottled_usec 5000000\n',
  'p/cpu.max': '20000 100000\n',
  'p/cpu.weight': '20\n',
  'p/memory.stat':
    'anon 200\nfile 100\nkernel 70\nfile_mapped 30\nactive_file 60\ninactive_file 50\npgfault 18\npgmajfault 12\n',
  'p/memory.current': '350\n',
  'p/memory.peak': '900\n',
  'p/memory.swap.current': '40\n',
  'p/memory.max': '1000\n',
  'p/memory.swap.max': 'max\n',
  'p/memory.low': '0\n',
  'p/memory.events': 'low 0\nhigh 0\nmax 4\noom 3\noom_kill 2\n',
  'p/pids.current': '9\n',
  'p/pids.max': '100\n',
  'p/hugetlb.2MB.current': '4194304\n',
  'p/hugetlb.2MB.max': 'max\n',
  'p/hugetlb.2MB.rsvd.current': '1\n',
  'p/io.stat': '8:0 rbytes=100 wbytes=20 rios=3 wios=2 dbytes=0 dios=0\n',
  'p/memory.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n',
};

const MEMORY = {
  ...{ usage: 350, maxUsage: 900, workingSet: 300, rss: 200, cache: 100, mappedFile: 30, activeFile: 60 },
  ...{ inactiveFile: 50, kernel: 70, swap: 40, limit: 1000, swapLimit: 0, reservation: 0, limitHits: 4, oomKills: 2 },
  subtreeFaults: { all: 18, major: 12 },
};

describe('CgroupHost.readMetrics()', () => {
  it('reads every field on v1', () => {
    expect(read('v1', V1)).toEqual({
      cpu: {
        ...{ usageNanos: 9007199254740993n, userNanos: 4_000_000_000n, systemNanos: 3_000_000_000n },
        ...{ periods: 12, throttledPeriods: 3, throttledNanos: 5_000_000_000n },
        ...{ periodMicros: 100_000, quotaMicros: 20_000, shares: 512 },
      },
      memory: { ...MEMORY, ownFaults: { all: 8, major: 2 } },
      devices: [
        { major: 8, minor: 0, bytes: { Read: 100, Write: 20 }, requests: { Read: 3, Write: 2 } },
        { major: 8, minor: 16, bytes: { Read: 5 }, requests: {} },
      ],
      hugepages: expect.arrayContaining([
        { pageSize: '2MB', usageBytes: 4_194_304, maxUsageBytes: 6_291_456 },
        { pageSize: '1GB', usageBytes: 0, maxUsageBytes: undefined },
      ]),
      tasks: 9,
      maxTasks: 0,
      pressure: { cpu: undefined, memory: undefined, io: undefined },
    });
  });

  it('reads every field on v2', () => {
    expect(read('v2', V2)).toEqual({
      cpu: {
        ...{ usageNanos: 7_000_000_000n, userNanos: 4_000_000_000n, systemNanos: 3_000_000_000n },
        ...{ periods: 12, throttledPeriods: 3, throttledNanos: 5_000_000_000n },
        ...{ periodMicros: 100_000, quotaMicros: 20_000, shares: 500 },
      },
      memory: { ...MEMORY, ownFaults: { all: 18, major: 12 } },
      devices: [{ major: 8, minor: 0, bytes: { Read: 100, Write: 20 }, requests: { Read: 3, Write: 2 } }],
      hugepages: [{ pageSize: '2MB', usageBytes: 4_194_304, maxUsageBytes: undefined }],
      tasks: 9,
      maxTasks: 100,
      pressure: { cpu: undefined, memory: expect.objectContaining({ full: undefined }), io: undefined },
    });
  });

  it('takes limits from v1 and pressure from v2 on a hybrid host', () => {
    const pressure = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n';

    expect(read('hybrid', { ...V1, 'unified/p/cpu.pressure': pressure })).toMatchObject({
      memory: { limit: 1000 },
      pressure: { cpu: { some: { totalMicros: 7n } } },
    });
  });

  it.each([
    { version: 'v1', files: { 'cpu/p/cpu.cfs_quota_us': '-1\n', 'cpuacct/p/cpuacct.usage': '1\n' } },
    { version: 'v2', files: { 'p/cpu.max': 'max 100000\n', 'p/cpu.stat': 'usage_usec 1\n' } },
  ] as const)('tells no CPU quota where there is none on $version', ({ version, files }) => {
    expect(read(version, files)).toMatchObject({ cpu: { quotaMicros: undefined } });
  });

  it.each([
    { version: 'v1', files: { 'memory/p/memory.usage_in_bytes': 'garbage\n' } },
    { version: 'v2', files: { 'p/cpu.stat': '\n', 'p/memory.current': '-\n' } },
    { version: 'v2', files: {} },
  ] as const)('knows nothing of a cgroup that is gone or unreadable on $version', ({ version, files }) => {
    expect(read(version, files)).toBeUndefined();
  });
});

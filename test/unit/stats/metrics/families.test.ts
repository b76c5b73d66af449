import { describe, expect, it } from '@jest/globals';
import type { CgroupMetrics } from '../../../../src/cgroup/metrics.ts';
import { METRIC_FAMILIES, metricDescriptors, toMetrics } from '../../../../src/stats/metrics/families.ts';
import type { Reading } from '../../../../src/stats/metrics/family.ts';

/** What the CRI's conformance suite looks for, which is what a kubelet shows with cAdvisor. @see cri-tools v1.37 pod.go */
const EXPECTED = [
  ...['blkio_device_usage_total', 'file_descriptors', 'last_seen', 'oom_events_total', 'processes', 'sockets'],
  ...['start_time_seconds', 'threads', 'threads_max', 'ulimits_soft', 'hugetlb_max_usage_bytes', 'hugetlb_usage_bytes'],
  ...['cfs_periods_total', 'cfs_throttled_periods_total', 'cfs_throttled_seconds_total'].map((name) => `cpu_${name}`),
  ...['system_seconds_total', 'usage_seconds_total', 'user_seconds_total'].map((name) => `cpu_${name}`),
  ...['inodes_free', 'inodes_total', 'limit_bytes', 'usage_bytes'].map((name) => `fs_${name}`),
  ...['reads_bytes_total', 'reads_total', 'writes_bytes_total', 'writes_total'].map((name) => `fs_${name}`),
  ...['cache', 'failcnt', 'failures_total', 'kernel_usage', 'mapped_file', 'rss', 'swap'].map((n) => `memory_${n}`),
  ...['max_usage_bytes', 'usage_bytes', 'working_set_bytes'].map((name) => `memory_${name}`),
  ...['receive', 'transmit'].flatMap((verb) =>
    ['bytes', 'errors', 'packets_dropped', 'packets'].map((what) => `network_${verb}_${what}_total`),
  ),
  ...['cpu', 'io', 'memory'].flatMap((what) =>
    ['stalled', 'waiting'].map((how) => `pressure_${what}_${how}_seconds_total`),
  ),
  ...['cpu_period', 'cpu_quota', 'cpu_shares', 'memory_limit_bytes'].map((name) => `spec_${name}`),
  ...['memory_reservation_limit_bytes', 'memory_swap_limit_bytes'].map((name) => `spec_${name}`),
].map((name) => `container_${name}`);

const OWNER = { id: '/pods/a', name: 'c1', image: 'busybox', pod: 'web', namespace: 'shop', container: 'main' };
const line = { avg10: 0, avg60: 0, avg300: 0, totalMicros: 2_500_000n };
const pressure = { some: line, full: line };

const CGROUP: CgroupMetrics = {
  cpu: {
    ...{ usageNanos: 18_014_398_509_481_985_999_999_999n, userNanos: 2_999_999_999n, systemNanos: 1n },
    ...{ periods: 4, throttledPeriods: 3, throttledNanos: 1_000_000_000n },
    ...{ periodMicros: 100_000, quotaMicros: 50_000, shares: 2 },
  },
  memory: {
    ...{ usage: 1, maxUsage: 2, workingSet: 3, rss: 4, cache: 5, mappedFile: 6, activeFile: 7, inactiveFile: 8 },
    ...{ kernel: 9, swap: 10, limit: 11, swapLimit: 12, reservation: 13, limitHits: 14, oomKills: 15 },
    ...{ ownFaults: { all: 16, major: 17 }, subtreeFaults: { all: 18, major: 19 } },
  },
  devices: [{ major: 8, minor: 1, bytes: { Read: 20, Write: 21, Sync: 22 }, requests: { Read: 23, Write: 24 } }],
  hugepages: [{ pageSize: '2MB', usageBytes: 25, maxUsageBytes: 26 }],
  tasks: 27,
  maxTasks: 0,
  pressure: { cpu: pressure, memory: pressure, io: pressure },
};

const counters = { bytes: '31', packets: '32', errors: '33', dropped: '34' };

const FULL: Reading = {
  ...{ nowSeconds: 1_700_000_001, startedSeconds: 1_700_000_000, cgroup: CGROUP, processes: 28 },
  ...{ openFiles: { descriptors: 29, sockets: 30 }, openFilesLimit: 1024 },
  layer: { bytes: 35, inodes: 36 },
  fileSystem: { device: '/dev/vda', bytes: 37, inodes: 38, freeInodes: 39 },
  interfaces: [{ name: 'eth0', received: counters, transmitted: counters }],
  deviceName: (major, minor) => `/dev/${major}-${minor}`,
};

interface Metric {
  readonly name: string;
  readonly metricType: number;
  readonly labelValues: readonly string[];
  readonly value: { readonly value: number | string };
}

function metrics(reading: Reading): readonly Metric[] {
  return toMetrics(OWNER, reading) as unknown as Metric[];
}

function values(name: string): unknown {
  const own = (labels: readonly string[]) => labels.slice(Object.keys(OWNER).length).join(' ');
  return Object.fromEntries(
    metrics(FULL)
      .filter((metric) => metric.name === name)
      .map(({ labelValues, value }) => [own(labelValues), value.value]),
  );
}

describe('metricDescriptors()', () => {
  it('has every metric that the conformance suite knows', () => {
    const names = metricDescriptors().map(({ name }) => name);

    expect(EXPECTED).toHaveLength(56);
    expect(names).toEqual(expect.arrayContaining(EXPECTED));
    expect(new Set(names).size).toBe(names.length);
    expect(metricDescriptors().every(({ help }) => help !== '')).toBe(true);
  });
});

describe('toMetrics()', () => {
  it('has a value for every family, and as many label values as the family has keys', () => {
    const keys = new Map(metricDescriptors().map(({ name, labelKeys }) => [name, labelKeys]));

    const told = metrics(FULL);

    expect(new Set(told.map(({ name }) => name))).toEqual(new Set(keys.keys()));
    for (const { name, labelValues } of told)
      expect([name, labelValues.length]).toEqual([name, keys.get(name)?.length]);
  });

  it("puts the owner's labels first, in the order of the descriptor", () => {
    const [descriptor] = metricDescriptors();
    const [metric] = metrics(FULL);

    const labels = Object.fromEntries(descriptor!.labelKeys.map((key, index) => [key, metric!.labelValues[index]]));

    expect(labels).toEqual({ ...OWNER, cpu: 'total' });
  });

  it('tells counters from gauges by their names', () => {
    const type = new Map(METRIC_FAMILIES.map((family) => [family.name, family.type]));
    const counters = [...type].filter(([, kind]) => kind === 'counter').map(([name]) => name);

    // cAdvisor has one counter that is not called total, and one gauge that is.
    const total = [...type.keys()].filter((name) => /(?<!inodes)_total$|_failcnt$/.test(name));
    expect(new Set(counters)).toEqual(new Set(total));
    expect(metrics(FULL).every(({ name, metricType }) => metricType === (type.get(name) === 'counter' ? 0 : 1))).toBe(
      true,
    );
  });

  it.each([
    ['container_cpu_usage_seconds_total', { total: '18014398509481985' }],
    ['container_cpu_user_seconds_total', { '': '2' }],
    ['container_cpu_cfs_throttled_seconds_total', { '': '1' }],
    ['container_pressure_io_waiting_seconds_total', { '': '2' }],
    ['container_memory_failures_total', memoryFailures()],
    ['container_hugetlb_usage_bytes', { '2MB': 25 }],
    ['container_fs_reads_total', { '/dev/8-1': 23 }],
    ['container_fs_writes_bytes_total', { '/dev/8-1': 21 }],
    [
      'container_blkio_device_usage_total',
      { '/dev/8-1 8 1 Read': 20, '/dev/8-1 8 1 Write': 21, '/dev/8-1 8 1 Sync': 22 },
    ],
    ['container_fs_usage_bytes', { '/dev/vda': 35 }],
    ['container_fs_inodes_free', { '/dev/vda': 39 }],
    ['container_network_receive_packets_dropped_total', { eth0: '34' }],
    ['container_network_transmit_errors_total', { eth0: '33' }],
    ['container_threads', { '': 27 }],
    ['container_processes', { '': 28 }],
    ['container_sockets', { '': 30 }],
    ['container_ulimits_soft', { max_open_files: 1024 }],
    ['container_start_time_seconds', { '': 1_700_000_000 }],
  ])('tells %s with its own labels', (name, expected) => {
    expect(values(name)).toEqual(expected);
  });

  it('leaves out what could not be read', () => {
    const nothing = { cgroup: undefined, processes: undefined, openFiles: undefined, openFilesLimit: undefined };
    const empty = { ...FULL, ...nothing, layer: undefined, fileSystem: undefined, interfaces: [] };

    expect(metrics(empty).map(({ name }) => name)).toEqual(['container_start_time_seconds', 'container_last_seen']);
  });
});

function memoryFailures(): Record<string, number> {
  return {
    ...{ 'pgfault container': 16, 'pgmajfault container': 17 },
    ...{ 'pgfault hierarchy': 18, 'pgmajfault hierarchy': 19 },
  };
}

// Metrics of a cgroup from the controllers of v1.
import { controllerPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readHugepages } from '../hugepages.ts';
import type { CgroupMetrics, CpuMetrics, MemoryMetrics, PageFaults } from '../metrics.ts';
import { bigintOf, difference, numberOf, readBigint, readKeyed, readLimit, readNumber } from '../parse.ts';
import { readDevices } from './io.ts';
import { readOomKills } from './memory.ts';
import { readProcessCount } from './pids.ts';

/** Everything but pressure, which only the v2 hierarchy has. */
export function readMetrics(hierarchies: Hierarchies, path: string): Omit<CgroupMetrics, 'pressure'> {
  return {
    cpu: readCpu(hierarchies, path),
    memory: readMemory(hierarchies, path),
    devices: readDevices(hierarchies, path),
    hugepages: readHugepages(controllerPath(hierarchies, 'hugetlb', path), 'usage_in_bytes', 'max_usage_in_bytes'),
    tasks: readProcessCount(hierarchies, path),
    maxTasks: readLimit(controllerPath(hierarchies, 'pids', path), 'pids.max'),
  };
}

function readCpu(hierarchies: Hierarchies, path: string): CpuMetrics {
  const usage = controllerPath(hierarchies, 'cpuacct', path);
  const limits = controllerPath(hierarchies, 'cpu', path);
  const stat = readKeyed(limits, 'cpu.stat');
  const quota = readNumber(limits, 'cpu.cfs_quota_us') ?? -1;
  return {
    usageNanos: readBigint(usage, 'cpuacct.usage'),
    userNanos: readBigint(usage, 'cpuacct.usage_user'),
    systemNanos: readBigint(usage, 'cpuacct.usage_sys'),
    periods: numberOf(stat, 'nr_periods'),
    throttledPeriods: numberOf(stat, 'nr_throttled'),
    throttledNanos: bigintOf(stat, 'throttled_time'),
    periodMicros: readNumber(limits, 'cpu.cfs_period_us'),
    quotaMicros: quota > 0 ? quota : undefined,
    shares: readNumber(limits, 'cpu.shares'),
  };
}

function readMemory(hierarchies: Hierarchies, path: string): MemoryMetrics {
  const dir = controllerPath(hierarchies, 'memory', path);
  const stat = readKeyed(dir, 'memory.stat');
  const usage = readNumber(dir, 'memory.usage_in_bytes');
  return {
    usage,
    maxUsage: readNumber(dir, 'memory.max_usage_in_bytes'),
    workingSet: difference(usage, numberOf(stat, 'total_inactive_file')),
    rss: numberOf(stat, 'total_rss'),
    cache: numberOf(stat, 'total_cache'),
    mappedFile: numberOf(stat, 'total_mapped_file'),
    activeFile: numberOf(stat, 'total_active_file'),
    inactiveFile: numberOf(stat, 'total_inactive_file'),
    kernel: readNumber(dir, 'memory.kmem.usage_in_bytes'),
    swap: numberOf(stat, 'total_swap'),
    limit: readLimit(dir, 'memory.limit_in_bytes'),
    swapLimit: readLimit(dir, 'memory.memsw.limit_in_bytes'),
    reservation: readLimit(dir, 'memory.soft_limit_in_bytes'),
    limitHits: readNumber(dir, 'memory.failcnt'),
    oomKills: readOomKills(hierarchies, path),
    ownFaults: faults(stat, ''),
    subtreeFaults: faults(stat, 'total_'),
  };
}

function faults(stat: ReadonlyMap<string, string>, prefix: string): PageFaults | undefined {
  const all = numberOf(stat, `${prefix}pgfault`);
  return all === undefined ? undefined : { all, major: numberOf(stat, `${prefix}pgmajfault`) ?? 0 };
}

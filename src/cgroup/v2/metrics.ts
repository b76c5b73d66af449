// Metrics of a cgroup from the v2 hierarchy.
import { unifiedPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readHugepages } from '../hugepages.ts';
import type { CgroupMetrics, CpuMetrics, MemoryMetrics } from '../metrics.ts';
import { bigintOf, difference, numberOf, readKeyed, readLimit, readNumber, readText } from '../parse.ts';
import { readDevices } from './io.ts';
import { readProcessCount } from './pids.ts';

/** Everything but pressure, which hybrid hosts have here too. */
export function readMetrics(hierarchies: Hierarchies, path: string): Omit<CgroupMetrics, 'pressure'> {
  const dir = unifiedPath(hierarchies, path);
  return {
    cpu: readCpu(dir),
    memory: readMemory(dir),
    devices: readDevices(hierarchies, path),
    hugepages: readHugepages(dir, 'current', undefined),
    tasks: readProcessCount(hierarchies, path),
    maxTasks: readLimit(dir, 'pids.max'),
  };
}

function readCpu(dir: string | undefined): CpuMetrics {
  const stat = readKeyed(dir, 'cpu.stat');
  const nanos = (key: string) => {
    const micros = bigintOf(stat, key);
    return micros === undefined ? undefined : micros * 1000n;
  };
  // `max 100000` or `50000 100000`: quota and period.
  const [, quota, period] = /^(max|\d+) (\d+)$/.exec(readText(dir, 'cpu.max') ?? '') ?? [];
  const weight = readNumber(dir, 'cpu.weight');
  return {
    usageNanos: nanos('usage_usec'),
    userNanos: nanos('user_usec'),
    systemNanos: nanos('system_usec'),
    periods: numberOf(stat, 'nr_periods'),
    throttledPeriods: numberOf(stat, 'nr_throttled'),
    throttledNanos: nanos('throttled_usec'),
    periodMicros: period === undefined ? undefined : Number(period),
    quotaMicros: quota === undefined || quota === 'max' ? undefined : Number(quota),
    shares: weight === undefined ? undefined : toShares(weight),
  };
}

/** Shares that have this weight. @see KEP-2254, which maps 2..262144 onto 1..10000 */
function toShares(weight: number): number {
  return Math.round(2 + ((weight - 1) * 262_142) / 9999);
}

function readMemory(dir: string | undefined): MemoryMetrics {
  const stat = readKeyed(dir, 'memory.stat');
  const events = readKeyed(dir, 'memory.events');
  const usage = readNumber(dir, 'memory.current');
  const all = numberOf(stat, 'pgfault');
  const faults = all === undefined ? undefined : { all, major: numberOf(stat, 'pgmajfault') ?? 0 };
  return {
    usage,
    maxUsage: readNumber(dir, 'memory.peak'),
    workingSet: difference(usage, numberOf(stat, 'inactive_file')),
    rss: numberOf(stat, 'anon'),
    cache: numberOf(stat, 'file'),
    mappedFile: numberOf(stat, 'file_mapped'),
    activeFile: numberOf(stat, 'active_file'),
    inactiveFile: numberOf(stat, 'inactive_file'),
    kernel: numberOf(stat, 'kernel'),
    swap: readNumber(dir, 'memory.swap.current'),
    limit: readLimit(dir, 'memory.max'),
    swapLimit: readLimit(dir, 'memory.swap.max'),
    reservation: readLimit(dir, 'memory.low'),
    limitHits: numberOf(events, 'max'),
    oomKills: numberOf(events, 'oom_kill'),
    ownFaults: faults,
    subtreeFaults: faults,
  };
}

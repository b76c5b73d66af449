// Metric families of memory, swap and huge pages, and their limits.
import type { HugepageUse, MemoryMetrics, PageFaults } from '../../cgroup/metrics.ts';
import { sample, single, type MetricFamily, type Sample } from './family.ts';

type MemoryField = {
  [K in keyof MemoryMetrics]: MemoryMetrics[K] extends number | undefined ? K : never;
}[keyof MemoryMetrics];

function memory(type: MetricFamily['type'], name: string, field: MemoryField, help: string): MetricFamily {
  return single(type, `container_${name}`, help, ({ cgroup }) => cgroup?.memory[field]);
}

function faults(counts: PageFaults | undefined, scope: string): readonly Sample[] {
  return [...sample(counts?.all, 'pgfault', scope), ...sample(counts?.major, 'pgmajfault', scope)];
}

function hugepages(name: string, help: string, pick: (use: HugepageUse) => number | undefined): MetricFamily {
  return {
    name,
    help,
    type: 'gauge',
    labels: ['pagesize'],
    samples: ({ cgroup }) => (cgroup?.hugepages ?? []).flatMap((use) => sample(pick(use), use.pageSize)),
  };
}

export const MEMORY_FAMILIES: readonly MetricFamily[] = [
  memory('gauge', 'memory_usage_bytes', 'usage', 'Memory used in bytes, file cache included'),
  memory('gauge', 'memory_max_usage_bytes', 'maxUsage', 'Largest memory use so far in bytes'),
  memory('gauge', 'memory_working_set_bytes', 'workingSet', 'Memory used in bytes, without inactive file cache'),
  memory('gauge', 'memory_rss', 'rss', 'Anonymous memory in bytes'),
  memory('gauge', 'memory_cache', 'cache', 'File cache in bytes'),
  memory('gauge', 'memory_mapped_file', 'mappedFile', 'Mapped files in bytes'),
  memory('gauge', 'memory_total_active_file_bytes', 'activeFile', 'Active file cache in bytes'),
  memory('gauge', 'memory_total_inactive_file_bytes', 'inactiveFile', 'Inactive file cache in bytes'),
  memory('gauge', 'memory_kernel_usage', 'kernel', 'Kernel memory in bytes'),
  memory('gauge', 'memory_swap', 'swap', 'Swap used in bytes'),
  memory('counter', 'memory_failcnt', 'limitHits', 'How often memory use hit its limit'),
  memory('counter', 'oom_events_total', 'oomKills', 'Processes killed for lack of memory'),
  {
    name: 'container_memory_failures_total',
    help: 'Page faults, of the cgroup alone or with those below it',
    type: 'counter',
    labels: ['failure_type', 'scope'],
    samples: ({ cgroup }) => [
      ...faults(cgroup?.memory.ownFaults, 'container'),
      ...faults(cgroup?.memory.subtreeFaults, 'hierarchy'),
    ],
  },
  memory('gauge', 'spec_memory_limit_bytes', 'limit', 'Memory limit in bytes; 0 is none'),
  memory('gauge', 'spec_memory_swap_limit_bytes', 'swapLimit', 'Swap limit in bytes; 0 is none'),
  memory('gauge', 'spec_memory_reservation_limit_bytes', 'reservation', 'Memory reservation in bytes; 0 is none'),
  hugepages('container_hugetlb_usage_bytes', 'Huge pages used, in bytes', ({ usageBytes }) => usageBytes),
  hugepages(
    'container_hugetlb_max_usage_bytes',
    'Largest use of huge pages so far, in bytes',
    ({ maxUsageBytes }) => maxUsageBytes,
  ),
];

// Memory and swap of a cgroup, from the memory controller of v1.
import { controllerPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { difference, numberOf, readKeyed, readLimit, readNumber } from '../parse.ts';
import type { MemoryStats, SwapStats } from '../stats.ts';

function limit(dir: string | undefined, name: string): number | undefined {
  const value = readLimit(dir, name);
  return value === 0 ? undefined : value;
}

/** `total_` fields count the whole subtree, as v2 always does. */
export function readMemory(hierarchies: Hierarchies, path: string): { memory: MemoryStats; swap: SwapStats } {
  const dir = controllerPath(hierarchies, 'memory', path);
  const stat = readKeyed(dir, 'memory.stat');
  const usageBytes = readNumber(dir, 'memory.usage_in_bytes');
  const workingSetBytes = difference(usageBytes, numberOf(stat, 'total_inactive_file'));
  const memoryLimit = limit(dir, 'memory.limit_in_bytes');
  // v1 counts memory and swap together.
  const swapUsage = difference(readNumber(dir, 'memory.memsw.usage_in_bytes'), usageBytes);
  const swapLimit = difference(limit(dir, 'memory.memsw.limit_in_bytes'), memoryLimit);
  return {
    memory: {
      usageBytes,
      workingSetBytes,
      rssBytes: numberOf(stat, 'total_rss'),
      availableBytes: difference(memoryLimit, workingSetBytes),
      pageFaults: numberOf(stat, 'total_pgfault'),
      majorPageFaults: numberOf(stat, 'total_pgmajfault'),
    },
    swap: { usageBytes: swapUsage, availableBytes: difference(swapLimit, swapUsage) },
  };
}

/** How often the kernel killed a process of the cgroup for lack of memory. */
export function readOomKills(hierarchies: Hierarchies, path: string): number | undefined {
  return numberOf(readKeyed(controllerPath(hierarchies, 'memory', path), 'memory.oom_control'), 'oom_kill');
}

// Memory and swap of a cgroup, from the memory controller of v2.
import { unifiedPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { difference, numberOf, readKeyed, readNumber } from '../parse.ts';
import type { MemoryStats, SwapStats } from '../stats.ts';

/** Limits of `max` leave the available bytes undefined. */
export function readMemory(hierarchies: Hierarchies, path: string): { memory: MemoryStats; swap: SwapStats } {
  const dir = unifiedPath(hierarchies, path);
  const stat = readKeyed(dir, 'memory.stat');
  const usageBytes = readNumber(dir, 'memory.current');
  const workingSetBytes = difference(usageBytes, numberOf(stat, 'inactive_file'));
  const swapUsage = readNumber(dir, 'memory.swap.current');
  return {
    memory: {
      usageBytes,
      workingSetBytes,
      rssBytes: numberOf(stat, 'anon'),
      availableBytes: difference(readNumber(dir, 'memory.max'), workingSetBytes),
      pageFaults: numberOf(stat, 'pgfault'),
      majorPageFaults: numberOf(stat, 'pgmajfault'),
    },
    swap: { usageBytes: swapUsage, availableBytes: difference(readNumber(dir, 'memory.swap.max'), swapUsage) },
  };
}

/** How often the kernel killed a process of the cgroup, or of one below it, for lack of memory. */
export function readOomKills(hierarchies: Hierarchies, path: string): number | undefined {
  return numberOf(readKeyed(unifiedPath(hierarchies, path), 'memory.events'), 'oom_kill');
}

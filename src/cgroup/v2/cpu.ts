// CPU time of a cgroup, from cpu.stat, which every v2 cgroup has.
import { unifiedPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readKeyed } from '../parse.ts';

/** CPU time in nanoseconds. */
export function readCpuUsageNanos(hierarchies: Hierarchies, path: string): bigint | undefined {
  const micros = readKeyed(unifiedPath(hierarchies, path), 'cpu.stat').get('usage_usec');
  return micros !== undefined && /^\d+$/.test(micros) ? BigInt(micros) * 1000n : undefined;
}

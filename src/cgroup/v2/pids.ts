// Number of processes and threads in a cgroup, from the pids controller of v2.
import { unifiedPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readNumber } from '../parse.ts';

/** Tasks in the cgroup and below it. */
export function readProcessCount(hierarchies: Hierarchies, path: string): number | undefined {
  return readNumber(unifiedPath(hierarchies, path), 'pids.current');
}

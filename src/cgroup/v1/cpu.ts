// CPU time of a cgroup, from the cpuacct controller.
import { controllerPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readBigint } from '../parse.ts';

/** CPU time in nanoseconds. */
export function readCpuUsageNanos(hierarchies: Hierarchies, path: string): bigint | undefined {
  return readBigint(controllerPath(hierarchies, 'cpuacct', path), 'cpuacct.usage');
}

// Puts the metrics readers of one generation and the pressure files together.
import type { Hierarchies } from './hierarchies.ts';
import { unifiedPath } from './hierarchies.ts';
import type { CgroupMetrics } from './metrics.ts';
import { readPressure } from './psi.ts';
import { readMetrics as readV1 } from './v1/metrics.ts';
import { readMetrics as readV2 } from './v2/metrics.ts';

/** undefined when there is no such cgroup. Some twenty small synchronous reads. */
export function readMetrics(hierarchies: Hierarchies, path: string): CgroupMetrics | undefined {
  const metrics = (hierarchies.version === 'v2' ? readV2 : readV1)(hierarchies, path);
  if (metrics.cpu.usageNanos === undefined && metrics.memory.usage === undefined) return undefined;
  const unified = unifiedPath(hierarchies, path);
  const pressure = (resource: 'cpu' | 'memory' | 'io') => readPressure(unified, resource);
  return { ...metrics, pressure: { cpu: pressure('cpu'), memory: pressure('memory'), io: pressure('io') } };
}

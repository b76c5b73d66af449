// Puts the readers of one generation together.
import { unifiedPath } from './hierarchies.ts';
import type { Hierarchies } from './hierarchies.ts';
import { readPressure } from './psi.ts';
import type { CgroupStats } from './stats.ts';
import * as cpu1 from './v1/cpu.ts';
import * as io1 from './v1/io.ts';
import * as memory1 from './v1/memory.ts';
import * as pids1 from './v1/pids.ts';
import * as cpu2 from './v2/cpu.ts';
import * as io2 from './v2/io.ts';
import * as memory2 from './v2/memory.ts';
import * as pids2 from './v2/pids.ts';

const V1 = { ...cpu1, ...io1, ...memory1, ...pids1 };
const V2 = { ...cpu2, ...io2, ...memory2, ...pids2 };

// On hybrid hosts the controllers are on v1.
function readers({ version }: Hierarchies): typeof V2 {
  return version === 'v2' ? V2 : V1;
}

/** undefined when there is no such cgroup. About ten small synchronous reads. */
export function readStats(hierarchies: Hierarchies, path: string): CgroupStats | undefined {
  const { readCpuUsageNanos, readMemory, readProcessCount, readIo } = readers(hierarchies);
  const timestampNanos = BigInt(Date.now()) * 1_000_000n;
  const cpuUsageNanos = readCpuUsageNanos(hierarchies, path);
  const { memory, swap } = readMemory(hierarchies, path);
  if (cpuUsageNanos === undefined && memory.usageBytes === undefined) return undefined;
  const unified = unifiedPath(hierarchies, path);
  return {
    timestampNanos,
    cpuUsageNanos,
    memory,
    swap,
    processCount: readProcessCount(hierarchies, path),
    io: readIo(hierarchies, path),
    pressure: {
      cpu: readPressure(unified, 'cpu'),
      memory: readPressure(unified, 'memory'),
      io: readPressure(unified, 'io'),
    },
  };
}

/** undefined when the cgroup is gone or the kernel does not count. */
export function readOomKills(hierarchies: Hierarchies, path: string): number | undefined {
  return readers(hierarchies).readOomKills(hierarchies, path);
}

// What monitoring wants to know of one cgroup, beyond what CRI stats tell. A field is undefined when the kernel or the
// hierarchy does not offer it.
import type { CgroupStats } from './stats.ts';

export interface CpuMetrics {
  readonly usageNanos: bigint | undefined;
  readonly userNanos: bigint | undefined;
  readonly systemNanos: bigint | undefined;
  /** Periods of the CPU quota that passed, and those in which it ran out. */
  readonly periods: number | undefined;
  readonly throttledPeriods: number | undefined;
  readonly throttledNanos: bigint | undefined;
  /** The limits in force; no quota is undefined. */
  readonly periodMicros: number | undefined;
  readonly quotaMicros: number | undefined;
  readonly shares: number | undefined;
}

/** Bytes, except where the name says otherwise. Of a limit, 0 is none. */
export interface MemoryMetrics {
  readonly usage: number | undefined;
  readonly maxUsage: number | undefined;
  readonly workingSet: number | undefined;
  readonly rss: number | undefined;
  readonly cache: number | undefined;
  readonly mappedFile: number | undefined;
  readonly activeFile: number | undefined;
  readonly inactiveFile: number | undefined;
  readonly kernel: number | undefined;
  readonly swap: number | undefined;
  readonly limit: number | undefined;
  /** v1 counts memory and swap together, v2 swap alone. */
  readonly swapLimit: number | undefined;
  readonly reservation: number | undefined;
  /** How often usage hit the limit. */
  readonly limitHits: number | undefined;
  readonly oomKills: number | undefined;
  /** Of the cgroup's own tasks, and of those below it too. v2 counts the latter only, which then is told for both. */
  readonly ownFaults: PageFaults | undefined;
  readonly subtreeFaults: PageFaults | undefined;
}

/** Page faults of all kinds, and the major ones among them. */
export interface PageFaults {
  readonly all: number;
  readonly major: number;
}

/** Bytes and requests of one device by operation: `Read`, `Write`, and what else the kernel counts. */
export interface DeviceIo {
  readonly major: number;
  readonly minor: number;
  readonly bytes: Readonly<Record<string, number>>;
  readonly requests: Readonly<Record<string, number>>;
}

export interface HugepageUse {
  /** As the kernel names it: `2MB`, `1GB`. */
  readonly pageSize: string;
  readonly usageBytes: number;
  /** v2 keeps no maximum. */
  readonly maxUsageBytes: number | undefined;
}

export interface CgroupMetrics {
  readonly cpu: CpuMetrics;
  readonly memory: MemoryMetrics;
  readonly devices: readonly DeviceIo[];
  readonly hugepages: readonly HugepageUse[];
  /** Tasks now, and how many there may be; 0 is no limit. */
  readonly tasks: number | undefined;
  readonly maxTasks: number | undefined;
  readonly pressure: CgroupStats['pressure'];
}

// What can be measured of one cgroup. A field is undefined when the kernel or the hierarchy does not offer it.

export interface MemoryStats {
  /** All memory charged, file cache included. Bytes, as everything here. */
  readonly usageBytes: number | undefined;
  /** Usage without the file cache that can be dropped: what counts against eviction. */
  readonly workingSetBytes: number | undefined;
  readonly rssBytes: number | undefined;
  /** Limit minus working set; undefined without a limit. */
  readonly availableBytes: number | undefined;
  readonly pageFaults: number | undefined;
  readonly majorPageFaults: number | undefined;
}

export interface SwapStats {
  readonly usageBytes: number | undefined;
  /** undefined without a limit. */
  readonly availableBytes: number | undefined;
}

/** Sums over all devices since the cgroup was made. */
export interface IoStats {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
}

/** Shares of time lost to waiting, in percent over the last 10, 60 and 300 seconds, and in total. */
export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalMicros: bigint;
}

/** `some`: at least one task waited; `full`: all did. @see Documentation/accounting/psi.rst of the kernel */
export interface Pressure {
  readonly some: PressureLine;
  readonly full: PressureLine | undefined;
}

export interface CgroupStats {
  /** When the files were read, nanoseconds since the epoch. */
  readonly timestampNanos: bigint;
  /** CPU time used since the cgroup was made; a bigint, as many cores outgrow a double within weeks. */
  readonly cpuUsageNanos: bigint | undefined;
  readonly memory: MemoryStats;
  readonly swap: SwapStats;
  readonly processCount: number | undefined;
  readonly io: IoStats | undefined;
  readonly pressure: {
    readonly cpu: Pressure | undefined;
    readonly memory: Pressure | undefined;
    readonly io: Pressure | undefined;
  };
}

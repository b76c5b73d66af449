// The rate of CPU use out of two samples of a counter.

export interface CpuSample {
  /** Nanoseconds since the epoch. */
  readonly timestampNanos: bigint;
  readonly cpuUsageNanos: bigint;
}

/** Billionths of a core used between two samples; undefined when no time passed or the counter was reset. */
export function usageNanoCores(earlier: CpuSample, later: CpuSample): bigint | undefined {
  const elapsed = later.timestampNanos - earlier.timestampNanos;
  const used = later.cpuUsageNanos - earlier.cpuUsageNanos;
  return elapsed <= 0n || used < 0n ? undefined : (used * 1_000_000_000n) / elapsed;
}

// Readings of a cgroup as CRI messages, in the form that is encoded directly.
import type { CgroupStats, MemoryStats, Pressure, PressureLine, SwapStats } from '../cgroup/stats.ts';

/** A UInt64Value; null where the host does not say. */
function wrap(value: number | bigint | undefined): { readonly value: string | number } | null {
  if (value === undefined) return null;
  return { value: typeof value === 'bigint' ? value.toString() : Math.max(0, Math.round(value)) };
}

function psiData(line: PressureLine | undefined): object | null {
  if (line === undefined) return null;
  // The CRI counts in nanoseconds, the kernel in microseconds.
  const total = (line.totalMicros * 1000n).toString();
  return { Total: total, Avg10: line.avg10, Avg60: line.avg60, Avg300: line.avg300 };
}

function psi(pressure: Pressure | undefined): object | null {
  if (pressure === undefined) return null;
  return { Full: psiData(pressure.full), Some: psiData(pressure.some) };
}

/** CpuUsage; `nanoCores` is the rate since the last sample. */
export function cpuUsage(stats: CgroupStats, nanoCores: bigint | undefined): object {
  return {
    timestamp: stats.timestampNanos.toString(),
    usageCoreNanoSeconds: wrap(stats.cpuUsageNanos),
    usageNanoCores: wrap(nanoCores),
    psi: psi(stats.pressure.cpu),
  };
}

/** MemoryUsage. */
export function memoryUsage(timestamp: string, memory: MemoryStats, pressure: Pressure | undefined): object {
  return {
    timestamp,
    workingSetBytes: wrap(memory.workingSetBytes),
    availableBytes: wrap(memory.availableBytes),
    usageBytes: wrap(memory.usageBytes),
    rssBytes: wrap(memory.rssBytes),
    pageFaults: wrap(memory.pageFaults),
    majorPageFaults: wrap(memory.majorPageFaults),
    psi: psi(pressure),
  };
}

/** SwapUsage. */
export function swapUsage(timestamp: string, swap: SwapStats): object {
  return { timestamp, swapAvailableBytes: wrap(swap.availableBytes), swapUsageBytes: wrap(swap.usageBytes) };
}

/** IoUsage. */
export function ioUsage(timestamp: string, pressure: Pressure | undefined): object {
  return { timestamp, psi: psi(pressure) };
}

/** FilesystemUsage. */
export function filesystemUsage(timestamp: string, mountpoint: string, bytes: number, inodes: number): object {
  return { timestamp, fsId: { mountpoint }, usedBytes: wrap(bytes), inodesUsed: wrap(inodes) };
}

/** ProcessUsage. */
export function processUsage(timestamp: string, count: number | undefined): object {
  return { timestamp, processCount: wrap(count) };
}

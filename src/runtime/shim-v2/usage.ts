// What a task uses, from either form in which shims tell it.
import { DaemonError } from '../../errors.ts';
import type { Metrics as Metrics1 } from '../../gen/io/containerd/cgroups/v1/Metrics.ts';
import type { Metrics as Metrics2 } from '../../gen/io/containerd/cgroups/v2/Metrics.ts';
import type { ContainerUsage } from '../driver.ts';
import type { AnyMessage, Protocol } from './protocol.ts';

const V1 = 'io.containerd.cgroups.v1.Metrics';
const V2 = 'io.containerd.cgroups.v2.Metrics';
/** Limits from here on are no limits: cgroup v1 rounds its largest number down to a page. */
const UNLIMITED = 2 ** 60;

/** @throws unknown for a form that is neither cgroup v1's nor cgroup v2's */
export function readUsage(protocol: Protocol, stats: AnyMessage | null, timestampNanos: bigint): ContainerUsage {
  const type = stats?.type_url.split('/').at(-1) ?? '';
  if (stats !== null && type === V1) return fromV1(protocol.decode<Metrics1>(V1, stats.value), timestampNanos);
  if (stats !== null && type === V2) return fromV2(protocol.decode<Metrics2>(V2, stats.value), timestampNanos);
  throw new DaemonError('unknown', `the shim tells its usage as "${type}", which is neither "${V1}" nor "${V2}"`);
}

function fromV1({ cpu, memory, pids }: Metrics1, timestampNanos: bigint): ContainerUsage {
  const { usage } = memory ?? {};
  const used = count(usage, 'usage');
  return {
    timestampNanos,
    cpuUsageNanos: nanos(cpu?.usage?.total, 1n),
    memoryUsageBytes: used,
    workingSetBytes: workingSet(used, count(memory, 'totalInactiveFile')),
    rssBytes: count(memory, 'totalRss'),
    memoryLimitBytes: limit(count(usage, 'limit')),
    pageFaults: count(memory, 'totalPgFault'),
    majorPageFaults: count(memory, 'totalPgMajFault'),
    processCount: count(pids, 'current'),
  };
}

function fromV2({ cpu, memory, pids }: Metrics2, timestampNanos: bigint): ContainerUsage {
  const used = count(memory, 'usage');
  return {
    timestampNanos,
    cpuUsageNanos: nanos(cpu?.usageUsec, 1000n),
    memoryUsageBytes: used,
    workingSetBytes: workingSet(used, count(memory, 'inactiveFile')),
    rssBytes: count(memory, 'anon'),
    memoryLimitBytes: limit(count(memory, 'usageLimit')),
    pageFaults: count(memory, 'pgfault'),
    majorPageFaults: count(memory, 'pgmajfault'),
    processCount: count(pids, 'current'),
  };
}

function nanos(time: string | undefined, unit: bigint): bigint | undefined {
  return time === undefined ? undefined : BigInt(time) * unit;
}

function count(message: object | null | undefined, field: string): number | undefined {
  return message === null || message === undefined ? undefined : Number((message as Record<string, unknown>)[field]);
}

function workingSet(used: number | undefined, inactiveFile: number | undefined): number | undefined {
  return used === undefined ? undefined : Math.max(0, used - (inactiveFile ?? 0));
}

function limit(bytes: number | undefined): number | undefined {
  return bytes === undefined || bytes === 0 || bytes >= UNLIMITED ? undefined : bytes;
}

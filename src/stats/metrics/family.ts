// A metric family: what one metric is called and means, and where its values come from. The families are tables, so that
// descriptors and values cannot drift apart.
import type { CgroupMetrics } from '../../cgroup/metrics.ts';
import type { DiskUsage } from '../../host/disk-usage.ts';
import type { OpenFiles } from '../../host/open-files.ts';
import type { NetworkInterface } from '../net-dev.ts';

/** One reading of a pod or container. A part that is undefined does not apply to it or could not be read. */
export interface Reading {
  readonly nowSeconds: number;
  readonly startedSeconds: number;
  readonly cgroup: CgroupMetrics | undefined;
  /** Processes of the cgroup. */
  readonly processes: number | undefined;
  readonly openFiles: OpenFiles | undefined;
  readonly openFilesLimit: number | undefined;
  /** The container's writable layer. */
  readonly layer: DiskUsage | undefined;
  /** The file system that holds it. */
  readonly fileSystem: FileSystem | undefined;
  readonly interfaces: readonly NetworkInterface[];
  /** A device's path by its numbers. */
  readonly deviceName: (major: number, minor: number) => string;
}

export interface FileSystem {
  readonly device: string;
  readonly bytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

export interface Sample {
  /** Not below 0: the CRI has unsigned values only. A decimal string for counters that outgrow a double. */
  readonly value: number | string;
  /** Values of the family's own labels, in their order. */
  readonly labels: readonly string[];
}

/** Names, meanings and labels are cAdvisor's, as dashboards and alerts know them. @see cadvisor docs/storage/prometheus.md */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Labels beside those that every family has. */
  readonly labels: readonly string[];
  readonly samples: (reading: Reading) => readonly Sample[];
}

type Value = number | bigint | undefined;

/** A family with one value and no labels of its own; no sample where the value is undefined. */
export function single(
  type: MetricFamily['type'],
  name: string,
  help: string,
  pick: (reading: Reading) => Value,
): MetricFamily {
  const samples = (reading: Reading) => sample(pick(reading));
  return { name, help, type, labels: [], samples };
}

/** One sample; none for an undefined value. */
export function sample(value: Value, ...labels: string[]): readonly Sample[] {
  if (value === undefined) return [];
  return [{ value: typeof value === 'bigint' ? value.toString() : value, labels }];
}

/** Whole seconds, as the CRI has no fractions. */
export function toSeconds(nanos: bigint | undefined): bigint | undefined {
  return nanos === undefined ? undefined : nanos / 1_000_000_000n;
}

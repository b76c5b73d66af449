// All metric families, and their form in the CRI.
import { CPU_FAMILIES } from './cpu-families.ts';
import { DISK_FAMILIES } from './disk-families.ts';
import type { MetricFamily, Reading } from './family.ts';
import { MEMORY_FAMILIES } from './memory-families.ts';
import { NETWORK_FAMILIES } from './network-families.ts';
import { PROCESS_FAMILIES } from './process-families.ts';

export const METRIC_FAMILIES: readonly MetricFamily[] = [
  ...CPU_FAMILIES,
  ...MEMORY_FAMILIES,
  ...DISK_FAMILIES,
  ...NETWORK_FAMILIES,
  ...PROCESS_FAMILIES,
];

/** Whose metrics these are. The kubelet adds nothing: what is not told here cannot be asked for later. */
export interface MetricOwner {
  /** Path of the cgroup. */
  readonly id: string;
  /** The container's id; '' for a pod. */
  readonly name: string;
  /** The image's name; '' for a pod. */
  readonly image: string;
  readonly pod: string;
  readonly namespace: string;
  /** The container's name in its pod; '' for a pod. */
  readonly container: string;
}

const COMMON_LABELS = ['id', 'name', 'image', 'pod', 'namespace', 'container'] as const satisfies (keyof MetricOwner)[];

/** MetricDescriptors. The label keys of a metric and the values it comes with have one order. */
export function metricDescriptors(): { name: string; help: string; labelKeys: string[] }[] {
  return METRIC_FAMILIES.map(({ name, help, labels }) => ({ name, help, labelKeys: [...COMMON_LABELS, ...labels] }));
}

// In the form that is encoded directly: enums are numbers. @see CRI MetricType
const TYPE = { counter: 0, gauge: 1 } as const;

/** Metrics of one reading. They have no timestamp, which says that they were read for this call. @see CRI Metric */
export function toMetrics(owner: MetricOwner, reading: Reading): object[] {
  const common = COMMON_LABELS.map((label) => owner[label]);
  return METRIC_FAMILIES.flatMap(({ name, type, samples }) =>
    samples(reading).map(({ value, labels }) => ({
      name,
      metricType: TYPE[type],
      labelValues: [...common, ...labels],
      value: { value },
    })),
  );
}

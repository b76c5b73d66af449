// Metric families of processor time and its limits.
import { sample, single, toSeconds, type MetricFamily } from './family.ts';

export const CPU_FAMILIES: readonly MetricFamily[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'CPU time used, in seconds, over all processors',
    type: 'counter',
    labels: ['cpu'],
    samples: ({ cgroup }) => sample(toSeconds(cgroup?.cpu.usageNanos), 'total'),
  },
  single('counter', 'container_cpu_user_seconds_total', 'CPU time used in user mode, in seconds', ({ cgroup }) =>
    toSeconds(cgroup?.cpu.userNanos),
  ),
  single('counter', 'container_cpu_system_seconds_total', 'CPU time used in the kernel, in seconds', ({ cgroup }) =>
    toSeconds(cgroup?.cpu.systemNanos),
  ),
  single(
    'counter',
    'container_cpu_cfs_periods_total',
    'Periods of the CPU quota that passed',
    ({ cgroup }) => cgroup?.cpu.periods,
  ),
  single(
    'counter',
    'container_cpu_cfs_throttled_periods_total',
    'Periods of the CPU quota in which it ran out',
    ({ cgroup }) => cgroup?.cpu.throttledPeriods,
  ),
  single(
    'counter',
    'container_cpu_cfs_throttled_seconds_total',
    'Time lost to an exhausted CPU quota, in seconds',
    ({ cgroup }) => toSeconds(cgroup?.cpu.throttledNanos),
  ),
  single(
    'gauge',
    'container_spec_cpu_period',
    'Period of the CPU quota in microseconds',
    ({ cgroup }) => cgroup?.cpu.periodMicros,
  ),
  single(
    'gauge',
    'container_spec_cpu_quota',
    'CPU quota in microseconds per period; absent without one',
    ({ cgroup }) => cgroup?.cpu.quotaMicros,
  ),
  single('gauge', 'container_spec_cpu_shares', 'CPU shares', ({ cgroup }) => cgroup?.cpu.shares),
];

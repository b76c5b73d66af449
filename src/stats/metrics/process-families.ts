// Metric families of processes, of time lost to waiting, and of the times a series began and was last seen.
import type { Pressure } from '../../cgroup/stats.ts';
import { sample, single, toSeconds, type MetricFamily } from './family.ts';

const RESOURCES = ['cpu', 'memory', 'io'] as const;

function pressure(resource: (typeof RESOURCES)[number]): MetricFamily[] {
  const waited = (kind: keyof Pressure, name: string, who: string) =>
    single('counter', `container_pressure_${resource}_${name}_seconds_total`, help(who, resource), ({ cgroup }) => {
      const micros = cgroup?.pressure[resource]?.[kind]?.totalMicros;
      return micros === undefined ? undefined : toSeconds(micros * 1000n);
    });
  return [waited('some', 'waiting', 'some'), waited('full', 'stalled', 'all')];
}

function help(who: string, resource: string): string {
  return `Time in which ${who} of the tasks waited for ${resource}, in seconds`;
}

export const PROCESS_FAMILIES: readonly MetricFamily[] = [
  single('gauge', 'container_processes', 'Processes', ({ processes }) => processes),
  single('gauge', 'container_threads', 'Threads', ({ cgroup }) => cgroup?.tasks),
  single('gauge', 'container_threads_max', 'Threads there may be; 0 is no limit', ({ cgroup }) => cgroup?.maxTasks),
  single('gauge', 'container_file_descriptors', 'Open file descriptors', ({ openFiles }) => openFiles?.descriptors),
  single('gauge', 'container_sockets', 'Open sockets', ({ openFiles }) => openFiles?.sockets),
  {
    name: 'container_ulimits_soft',
    help: 'Soft limits of the first process',
    type: 'gauge',
    labels: ['ulimit'],
    samples: ({ openFilesLimit }) => sample(openFilesLimit, 'max_open_files'),
  },
  ...RESOURCES.flatMap(pressure),
  single(
    'gauge',
    'container_start_time_seconds',
    'When it was started, in seconds since the epoch',
    ({ startedSeconds }) => startedSeconds,
  ),
  single(
    'gauge',
    'container_last_seen',
    'When it was last read, in seconds since the epoch',
    ({ nowSeconds }) => nowSeconds,
  ),
];

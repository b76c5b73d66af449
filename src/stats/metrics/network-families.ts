// Metric families of network interfaces. They are the pod's: its containers share them.
import type { InterfaceCounters } from '../net-dev.ts';
import type { MetricFamily } from './family.ts';

const COUNTERS = {
  bytes_total: { field: 'bytes', help: 'Bytes' },
  packets_total: { field: 'packets', help: 'Packets' },
  packets_dropped_total: { field: 'dropped', help: 'Packets dropped' },
  errors_total: { field: 'errors', help: 'Errors' },
} as const satisfies Record<string, { readonly field: keyof InterfaceCounters; readonly help: string }>;

function direction(verb: 'receive' | 'transmit', key: 'received' | 'transmitted'): MetricFamily[] {
  return Object.entries(COUNTERS).map(([suffix, { field, help }]) => ({
    name: `container_network_${verb}_${suffix}`,
    help: `${help}, ${key} by the interface`,
    type: 'counter',
    labels: ['interface'],
    samples: ({ interfaces }) => interfaces.map((entry) => ({ value: entry[key][field], labels: [entry.name] })),
  }));
}

export const NETWORK_FAMILIES: readonly MetricFamily[] = [
  ...direction('receive', 'received'),
  ...direction('transmit', 'transmitted'),
];

// Traffic limits of a pod, from its annotations to the `bandwidth` capability.
import { invalidArgument } from '../errors.ts';

const INGRESS = 'kubernetes.io/ingress-bandwidth';
const EGRESS = 'kubernetes.io/egress-bandwidth';

const SCALE: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};
// Kubernetes' own limits for these annotations.
const LEAST = 1e3;
const MOST = 1e15;
// Bits. The plugin wants a burst with every rate; this is the largest its traffic control takes.
const BURST = 2 ** 32 - 1;

/** Rates and bursts in bits per second and bits, as the `bandwidth` plugin reads them. */
export interface Bandwidth {
  readonly ingressRate?: number;
  readonly ingressBurst?: number;
  readonly egressRate?: number;
  readonly egressBurst?: number;
}

function bitsPerSecond(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?(?:[eE]\d+)?)([kMGTP]|[KMGTP]i)?$/.exec(text);
  const value = match === null ? Number.NaN : Math.ceil(Number(match[1]) * (SCALE[match[2] ?? ''] ?? Number.NaN));
  if (value >= LEAST && value <= MOST) return value;
  throw invalidArgument(`annotation "${name}": "${text}" is no rate between 1k and 1P (bits per second)`);
}

/**
 * The limits in a pod's annotations, or undefined when there are none.
 * @throws invalid-argument naming the annotation
 */
export function bandwidthOf(annotations: Readonly<Record<string, string>>): Bandwidth | undefined {
  const ingress = annotations[INGRESS];
  const egress = annotations[EGRESS];
  if (ingress === undefined && egress === undefined) return undefined;
  return {
    ...(ingress === undefined ? {} : { ingressRate: bitsPerSecond(INGRESS, ingress), ingressBurst: BURST }),
    ...(egress === undefined ? {} : { egressRate: bitsPerSecond(EGRESS, egress), egressBurst: BURST }),
  };
}

// Counters of a pod's network interfaces as a CRI message.
import { parseNetDev, type NetworkInterface } from './net-dev.ts';

/** NetworkUsage: eth0 is the pod's default interface, the rest are listed. */
export function networkUsage(timestamp: string, text: string): object {
  const interfaces = parseNetDev(text).map(interfaceUsage);
  const standard = interfaces.find(({ name }) => name === 'eth0') ?? interfaces[0] ?? null;
  return { timestamp, defaultInterface: standard, interfaces: interfaces.filter((entry) => entry !== standard) };
}

function interfaceUsage({ name, received, transmitted }: NetworkInterface): { readonly name: string } {
  const usage = {
    rxBytes: { value: received.bytes },
    rxErrors: { value: received.errors },
    txBytes: { value: transmitted.bytes },
    txErrors: { value: transmitted.errors },
  };
  return { name, ...usage };
}

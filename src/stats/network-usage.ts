// Counters of a pod's network interfaces.

interface InterfaceUsage {
  readonly name: string;
  readonly rxBytes: { readonly value: string };
  readonly rxErrors: { readonly value: string };
  readonly txBytes: { readonly value: string };
  readonly txErrors: { readonly value: string };
}

/** Parses /proc/net/dev, without the loopback. @see proc(5) */
export function parseNetDev(text: string): InterfaceUsage[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name = '', counters = ''] = line.trim().split(/:\s*/, 2);
      if (name === '' || name === 'lo') return [];
      const fields = counters.split(/\s+/);
      const value = (index: number) => ({ value: fields[index] ?? '0' });
      return [{ name, rxBytes: value(0), rxErrors: value(2), txBytes: value(8), txErrors: value(10) }];
    });
}

/** NetworkUsage: eth0 is the pod's default interface, the rest are listed. */
export function networkUsage(timestamp: string, text: string): object {
  const interfaces = parseNetDev(text);
  const standard = interfaces.find(({ name }) => name === 'eth0') ?? interfaces[0] ?? null;
  return { timestamp, defaultInterface: standard, interfaces: interfaces.filter((entry) => entry !== standard) };
}

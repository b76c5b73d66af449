// Counters of network interfaces as the kernel lists them.

export interface InterfaceCounters {
  readonly bytes: string;
  readonly packets: string;
  readonly errors: string;
  readonly dropped: string;
}

export interface NetworkInterface {
  readonly name: string;
  readonly received: InterfaceCounters;
  readonly transmitted: InterfaceCounters;
}

/** Parses /proc/net/dev, without the loopback; counters are decimal numbers. @see proc(5) */
export function parseNetDev(text: string): NetworkInterface[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name = '', counters = ''] = line.trim().split(/:\s*/, 2);
      if (name === '' || name === 'lo') return [];
      const fields = counters.split(/\s+/).filter(Boolean);
      return [{ name, received: direction(fields, 0), transmitted: direction(fields, 8) }];
    });
}

// Both directions begin with the same four of their eight columns.
function direction(fields: readonly string[], first: number): InterfaceCounters {
  const [bytes = '0', packets = '0', errors = '0', dropped = '0'] = fields.slice(first, first + 4);
  return { bytes, packets, errors, dropped };
}

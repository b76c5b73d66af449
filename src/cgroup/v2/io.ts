// Block IO of a cgroup, from the io controller.
import { unifiedPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readText } from '../parse.ts';
import type { DeviceIo } from '../metrics.ts';
import type { IoStats } from '../stats.ts';

/** Sums over all devices, of the cgroup and what is below it. */
export function readIo(hierarchies: Hierarchies, path: string): IoStats | undefined {
  const text = readText(unifiedPath(hierarchies, path), 'io.stat');
  if (text === undefined) return undefined;
  return {
    readBytes: sum(text, 'rbytes'),
    writeBytes: sum(text, 'wbytes'),
    readOperations: sum(text, 'rios'),
    writeOperations: sum(text, 'wios'),
  };
}

// Lines are `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 ...`, one per device.
function sum(text: string, key: string): number {
  return [...text.matchAll(new RegExp(` ${key}=(\\d+)`, 'g'))].reduce((total, [, value]) => total + Number(value), 0);
}

/** The same for each device. */
export function readDevices(hierarchies: Hierarchies, path: string): DeviceIo[] {
  const text = readText(unifiedPath(hierarchies, path), 'io.stat') ?? '';
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].map(([, major, minor, counters = '']) => ({
    major: Number(major),
    minor: Number(minor),
    bytes: { Read: sum(` ${counters}`, 'rbytes'), Write: sum(` ${counters}`, 'wbytes') },
    requests: { Read: sum(` ${counters}`, 'rios'), Write: sum(` ${counters}`, 'wios') },
  }));
}

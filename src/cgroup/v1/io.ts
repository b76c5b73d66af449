// Block IO of a cgroup, from the blkio controller. The throttle files count at every level; others need a scheduler.
import { controllerPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readText } from '../parse.ts';
import type { DeviceIo } from '../metrics.ts';
import type { IoStats } from '../stats.ts';

/** Sums over all devices, of the cgroup and what is below it. */
export function readIo(hierarchies: Hierarchies, path: string): IoStats | undefined {
  const dir = controllerPath(hierarchies, 'blkio', path);
  const bytes = readText(dir, 'blkio.throttle.io_service_bytes_recursive');
  const operations = readText(dir, 'blkio.throttle.io_serviced_recursive');
  if (bytes === undefined) return undefined;
  return {
    readBytes: sum(bytes, 'Read'),
    writeBytes: sum(bytes, 'Write'),
    readOperations: sum(operations ?? '', 'Read'),
    writeOperations: sum(operations ?? '', 'Write'),
  };
}

// Lines are `8:0 Read 4096`, one per device and direction.
function sum(text: string, direction: 'Read' | 'Write'): number {
  const pattern = new RegExp(`^\\d+:\\d+ ${direction} (\\d+)$`, 'gm');
  return [...text.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
}

/** The same for each device. */
export function readDevices(hierarchies: Hierarchies, path: string): DeviceIo[] {
  const dir = controllerPath(hierarchies, 'blkio', path);
  const bytes = perDevice(readText(dir, 'blkio.throttle.io_service_bytes_recursive'));
  const requests = perDevice(readText(dir, 'blkio.throttle.io_serviced_recursive'));
  return [...bytes].map(([device, counters]) => {
    const [major = 0, minor = 0] = device.split(':').map(Number);
    return { major, minor, bytes: counters, requests: requests.get(device) ?? {} };
  });
}

function perDevice(text: string | undefined): Map<string, Record<string, number>> {
  const devices = new Map<string, Record<string, number>>();
  for (const [, device = '', operation = '', value] of (text ?? '').matchAll(/^(\d+:\d+) (\w+) (\d+)$/gm)) {
    devices.set(device, { ...devices.get(device), [operation]: Number(value) });
  }
  return devices;
}

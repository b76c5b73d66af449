// Block IO of a cgroup, from the blkio controller. The throttle files count at every level; others need a scheduler.
import { controllerPath } from '../hierarchies.ts';
import type { Hierarchies } from '../hierarchies.ts';
import { readText } from '../parse.ts';
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

// Groups of the host.
import { readFileSync } from 'node:fs';

/** The id of a group in /etc/group, or undefined when there is none by this name. */
export function findGroupId(name: string, file = '/etc/group'): number | undefined {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [group, , id] = line.split(':');
    if (group === name && id !== undefined) return Number(id);
  }
  return undefined;
}

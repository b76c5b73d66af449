// Reading files that may vanish at any moment, such as those of /proc.
import { readFileSync } from 'node:fs';

/** The text of a file; '' when there is none. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

// Where the files lie that ship beside the program: proto/, libexec/ and package.json.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root: the nearest directory above this file that holds proto/. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'proto'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new ReferenceError('no proto/ directory above the program');
    directory = parent;
  }
  return directory;
}

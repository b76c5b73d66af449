// Finds programs: a path is taken as it is, a bare name is looked up in PATH.
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { DEFAULT_PATH } from './run-command.ts';

/** Whether `path` is a file this process may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The absolute path of an executable file, or undefined when there is none.
 * @param searchPath directories joined by `:`; the daemon's fixed PATH when not given
 */
export function findProgram(nameOrPath: string, searchPath = DEFAULT_PATH): string | undefined {
  const candidates = isAbsolute(nameOrPath)
    ? [nameOrPath]
    : searchPath.split(':').map((directory) => join(directory, nameOrPath));
  return candidates.find(isExecutable);
}

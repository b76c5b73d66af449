// Finds a handler's program, or says what is wrong with the one that is named.
import { statSync } from 'node:fs';
import { failedPrecondition } from '../errors.ts';
import { findProgram } from '../host/find-program.ts';

/**
 * The absolute path of a program.
 * @param nameOrPath an absolute path, or a name looked for in `searchPath`
 * @throws failed-precondition with the cure
 */
export function locateProgram(nameOrPath: string, searchPath: string): string {
  const path = findProgram(nameOrPath, searchPath);
  if (path !== undefined) return path;
  if (!nameOrPath.startsWith('/'))
    throw failedPrecondition(
      `program "${nameOrPath}" is in no directory of ${searchPath}; install it or give its path`,
    );
  const stats = statSync(nameOrPath, { throwIfNoEntry: false });
  if (stats === undefined)
    throw failedPrecondition(`program "${nameOrPath}" does not exist; install it or correct the path`);
  if (!stats.isFile()) throw failedPrecondition(`program "${nameOrPath}" is not a file; correct the path`);
  throw failedPrecondition(`program "${nameOrPath}" is not executable; chmod +x it`);
}

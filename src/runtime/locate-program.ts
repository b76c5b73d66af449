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
  const what = `program "${nameOrPath}"`;
  if (!nameOrPath.startsWith('/'))
    throw failedPrecondition(`${what} is in no directory of ${searchPath}`, undefined, 'install it or give its path');
  const stats = statSync(nameOrPath, { throwIfNoEntry: false });
  if (stats === undefined)
    throw failedPrecondition(`${what} does not exist`, undefined, 'install it or correct the path');
  if (stats.isDirectory())
    throw failedPrecondition(`${what} is a directory`, undefined, 'correct the path: it is to be the program itself');
  if (!stats.isFile()) throw failedPrecondition(`${what} is not a file`, undefined, 'correct the path');
  // Root may execute whatever has one of the bits, where the mount lets it.
  if ((stats.mode & 0o111) !== 0)
    throw failedPrecondition(
      `${what} lies on a file system mounted noexec`,
      undefined,
      'mount it with exec, or install the program elsewhere',
    );
  throw failedPrecondition(`${what} is not executable`, undefined, 'chmod +x it');
}

// Where a container's log goes.
import { isAbsolute, join, normalize } from 'node:path';
import { invalidArgument } from '../errors.ts';

/**
 * The absolute path of a container's log, or null when its pod keeps no logs.
 * @throws invalid-argument when the path leaves the pod's log directory
 */
export function containerLogPath(logDirectory: string, logPath: string): string | null {
  if (logDirectory === '' || logPath === '') return null;
  const relative = normalize(logPath);
  if (isAbsolute(relative) || relative === '..' || relative.startsWith('../')) {
    throw invalidArgument(`log_path "${logPath}" leaves the pod's log directory "${logDirectory}"`);
  }
  return join(logDirectory, relative);
}

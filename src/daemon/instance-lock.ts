// One daemon per run directory: two would undo each other's pods.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { failedPrecondition } from '../errors.ts';
import { replaceFileSync } from '../host/atomic-file.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../host/procfs.ts';

function holderOf(path: string): ProcessIdentity | undefined {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof startTicks === 'string' ? { pid, startTicks } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes the run directory for this process. The lock of a daemon that has died counts for nothing.
 * @throws failed-precondition naming the daemon that holds it
 */
export function takeInstanceLock(path: string): void {
  const holder = holderOf(path);
  if (holder !== undefined && holder.pid !== process.pid && isAlive(holder)) {
    throw failedPrecondition(
      `crisol (pid ${holder.pid}) already runs with "${dirname(path)}": stop it, or use another run`,
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  replaceFileSync(path, JSON.stringify(identifyProcess(process.pid)));
}

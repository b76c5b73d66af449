// Finds the monitor of a container again, sure that it is the right process.
import { readFileSync } from 'node:fs';
import { sleep } from '../../async/timeout.ts';
import { killTree } from '../../host/kill.ts';
import { commandLine, identifyProcess, isAlive, type ProcessIdentity } from '../../host/procfs.ts';
import type { ContainerRef } from '../driver.ts';
import { bundleFiles } from './bundle-files.ts';

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'latin1'));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The live monitor named by the bundle's pid file; a process that does not carry the container's id is another. */
export function findMonitor(container: ContainerRef): ProcessIdentity | undefined {
  const pid = readPid(bundleFiles(container.bundle).monitorPid);
  const identity = pid === undefined ? undefined : identifyProcess(pid);
  if (identity === undefined || !commandLine(identity.pid).includes(container.id)) return undefined;
  return isAlive(identity) ? identity : undefined;
}

/** Waits until a process has ended, at most `ms` milliseconds; whether it has. */
export async function waitForEnd(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const end = Date.now() + ms;
  for (let pause = 2; isAlive(identity); pause = Math.min(pause * 2, 50)) {
    if (Date.now() > end) return false;
    await sleep(pause);
  }
  return true;
}

/** Kills a monitor and everything that still hangs on it, and waits for its end. */
export async function killMonitor(identity: ProcessIdentity): Promise<void> {
  if (isAlive(identity)) killTree(identity.pid);
  await waitForEnd(identity, 5000);
}

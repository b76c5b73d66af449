// Removes every trace of a container: runtime state, monitor, files outside its log.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerRef } from '../driver.ts';
import { bundleFiles } from './bundle-files.ts';
import type { Ending } from './ending.ts';
import { findMonitor, killMonitor, waitForEnd } from './monitor.ts';
import { endRemains, endUnstarted, hasStandIn, standInFiles } from './stand-in.ts';

const SIGKILL = 9;
const MONITOR_GRACE_MS = 2000;

export interface DeleteDeps {
  readonly ending: Pick<Ending, 'delete' | 'kill'>;
  readonly exitDir: string;
  readonly socketDir: string;
}

/**
 * Ends the container and its monitor and removes what they left. May be repeated, also with the bundle gone.
 *
 * A live monitor means a live container, which is killed first: `delete --force` of runc would wait in steps of 100 ms.
 * The monitor follows within milliseconds. One that lingers is still creating (a daemon was killed meanwhile) or stuck;
 * it is killed with all below it.
 */
export async function deleteContainer(deps: DeleteDeps, container: ContainerRef): Promise<void> {
  const monitor = findMonitor(container);
  if (monitor !== undefined) {
    // `delete --force` below tells of what is still wrong then.
    await deps.ending.kill(container, SIGKILL, 'all').catch(() => undefined);
    if (hasStandIn(container)) endUnstarted(container);
    if (!(await waitForEnd(monitor, MONITOR_GRACE_MS))) await killMonitor(monitor);
  }
  await deps.ending.delete(container);
  if (hasStandIn(container)) endRemains(container);
  const { pid, monitorPid, createLog, control, windowSize, attach, exit, oom } = bundleFiles(container.bundle);
  const leftovers = [pid, monitorPid, createLog, control, windowSize, attach, exit, oom];
  leftovers.push(
    ...Object.values(standInFiles(container.bundle)),
    join(deps.exitDir, container.id),
    join(deps.socketDir, container.id),
  );
  await Promise.all(leftovers.map((path) => rm(path, { force: true })));
}

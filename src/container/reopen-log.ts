// ReopenContainerLog.
import { failedPrecondition } from '../errors.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';

/**
 * Reopens a container's log after kubelet rotated it away; the new file exists on return.
 * @throws failed-precondition when the container does not run
 * @see CRI RuntimeService.ReopenContainerLog
 */
export async function reopenLog(deps: ContainerDeps, idOrPrefix: string): Promise<void> {
  const record = deps.index.get(idOrPrefix);
  if (record.status.phase !== 'running') {
    throw failedPrecondition(`container "${record.id}" is in state "${record.status.phase}": it writes no log`);
  }
  if (record.logPath === null) return;
  await driverFor(deps, record).reopenLog(refOf(deps, record.id), record.logPath);
}

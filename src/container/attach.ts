// Attach: a client joins a container's first process.
import type { ProcessStreams } from '../runtime/driver.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';
import { runningContainer } from './exec-process.ts';

/**
 * Connects a client's streams until the container or the client ends. What was put out before is not repeated.
 * @throws cancelled when the client has gone
 * @see CRI RuntimeService.Attach
 */
export async function attach(deps: ContainerDeps, containerId: string, streams: ProcessStreams): Promise<void> {
  const record = runningContainer(deps, containerId, 'attach');
  await driverFor(deps, record).attach(refOf(deps, record.id), streams);
}

// Exec: a command in a container with the streams of a client.
import type { ProcessStreams } from '../runtime/driver.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';
import { execProcess, runningContainer } from './exec-process.ts';

export interface ExecCall {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly tty: boolean;
}

/**
 * Runs a command in a running container, as its user and in its environment.
 *
 * @returns the exit code
 * @throws cancelled when the client has gone
 * @see CRI RuntimeService.Exec
 */
export async function exec(deps: ContainerDeps, call: ExecCall, streams: ProcessStreams): Promise<number> {
  const record = runningContainer(deps, call.containerId, 'exec');
  const process = await execProcess(deps, record.id, call.command, call.tty);
  return driverFor(deps, record).exec(refOf(deps, record.id), process, streams);
}

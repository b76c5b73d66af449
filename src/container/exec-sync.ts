// ExecSync.
import { invalidArgument } from '../errors.ts';
import type { ExecSyncResult } from '../runtime/driver.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';
import { execProcess, runningContainer } from './exec-process.ts';

export interface ExecSyncCall {
  readonly command: readonly string[];
  /** Milliseconds; 0: no limit. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly maxOutputBytes: number;
}

/**
 * Runs a command in a running container, as its user and in its environment, and collects the output.
 *
 * @throws deadline-exceeded after the time-out, with the command killed; invalid-argument for an empty command
 * @see CRI RuntimeService.ExecSync
 */
export async function execSync(deps: ContainerDeps, idOrPrefix: string, call: ExecSyncCall): Promise<ExecSyncResult> {
  const { id } = deps.index.get(idOrPrefix);
  if (call.command.length === 0) throw invalidArgument('the command is empty');
  const record = runningContainer(deps, id, 'exec');
  const process = await execProcess(deps, id, call.command, false);
  return driverFor(deps, record).execSync(refOf(deps, id), process, {
    command: call.command,
    timeoutMs: call.timeoutMs === 0 ? undefined : call.timeoutMs,
    signal: call.signal,
    maxOutputBytes: call.maxOutputBytes,
  });
}

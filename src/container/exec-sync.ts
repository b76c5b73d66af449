// ExecSync.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failedPrecondition, invalidArgument } from '../errors.ts';
import type { Process, Spec } from '../oci/types.ts';
import type { ExecSyncResult } from '../runtime/driver.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';

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
  const record = deps.index.get(idOrPrefix);
  if (call.command.length === 0) throw invalidArgument('the command is empty');
  if (record.status.phase !== 'running') {
    throw failedPrecondition(`container "${record.id}" is in state "${record.status.phase}": exec needs a running one`);
  }
  const ref = refOf(deps, record.id);
  const spec = JSON.parse(await readFile(join(ref.bundle, 'config.json'), 'utf8')) as Spec;
  const process: Process = { ...spec.process, args: [...call.command], terminal: false };
  return driverFor(deps, record).execSync(ref, process, {
    command: call.command,
    timeoutMs: call.timeoutMs === 0 ? undefined : call.timeoutMs,
    signal: call.signal,
    maxOutputBytes: call.maxOutputBytes,
  });
}

// What every exec begins with: a container that runs, and the process that is to run in it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failedPrecondition, invalidArgument } from '../errors.ts';
import type { Process, Spec } from '../oci/types.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { refOf, type ContainerDeps } from './deps.ts';

/** The container, which must run. @throws failed-precondition that says what wanted it */
export function runningContainer(
  deps: Pick<ContainerDeps, 'index'>,
  idOrPrefix: string,
  what: string,
): ContainerRecord {
  const record = deps.index.get(idOrPrefix);
  if (record.status.phase === 'running') return record;
  throw failedPrecondition(
    `container "${record.id}" is in state "${record.status.phase}": ${what} needs a running one`,
  );
}

/** The container's own process with another command: same user, environment and limits. */
export async function execProcess(
  deps: Pick<ContainerDeps, 'layout'>,
  id: string,
  command: readonly string[],
  terminal: boolean,
): Promise<Process> {
  if (command.length === 0) throw invalidArgument('the command is empty');
  const spec = JSON.parse(await readFile(join(refOf(deps, id).bundle, 'config.json'), 'utf8')) as Spec;
  // Without it a shell on a terminal takes that for a teleprinter.
  const term = terminal && !spec.process.env.some((entry) => entry.startsWith('TERM=')) ? ['TERM=xterm'] : [];
  return { ...spec.process, args: [...command], env: [...spec.process.env, ...term], terminal };
}

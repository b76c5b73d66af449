// What every exec has in common: the runtime starts the program detached and leaves it to us to reap.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DaemonError } from '../../errors.ts';
import { killSession, killTree } from '../../host/kill.ts';
import { spawnProcess, type ProcessExit, type SpawnedProcess } from '../../host/spawn.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef } from '../driver.ts';
import { firstError, withHint } from '../first-error.ts';
import { globalArgs, type OciRuntime } from './options.ts';

/** The files of one exec; the caller removes `directory`. */
export interface ExecFiles {
  readonly directory: string;
  readonly spec: string;
  readonly pid: string;
  readonly log: string;
}

/** Writes the program's spec into a directory of its own below the container's bundle. */
export async function writeExecFiles(container: ContainerRef, process: Process): Promise<ExecFiles> {
  const directory = await mkdtemp(join(container.bundle, 'exec-'));
  const files = {
    directory,
    spec: join(directory, 'process.json'),
    pid: join(directory, 'pid'),
    log: join(directory, 'log'),
  };
  await writeFile(files.spec, JSON.stringify(process));
  return files;
}

/** Starts the runtime's `exec`, which ends as soon as the program runs. `more` are further flags of the verb. */
export function startExec(
  runtime: OciRuntime,
  id: string,
  files: ExecFiles,
  stdio: readonly (number | null)[],
  more: readonly string[] = [],
): SpawnedProcess {
  const exec = ['exec', '--detach', ...more, '--process', files.spec, '--pid-file', files.pid, id];
  return spawnProcess({
    file: runtime.path,
    args: [...globalArgs(runtime), '--log', files.log, '--log-format', 'json', ...exec],
    env: runtime.env,
    stdio,
    // Whatever session the runtime puts the program in, nobody else is in it.
    newSession: true,
  });
}

/** Longest wait, in milliseconds, for a runtime that is handing over a program which is to be killed. */
const HANDOVER_MS = 2000;

/**
 * Kills an exec in whatever state it is. While the runtime still hands the program over it is left to finish, because
 * a runtime killed between starting the program and writing its pid would leave one that nobody knows: the caller
 * kills again when the pid is there. A runtime that hangs is killed after all.
 */
export function killExec(starter: SpawnedProcess, program: number | undefined): void {
  if (program !== undefined) {
    killSession(program);
    return;
  }
  const timer = setTimeout(() => killTree(starter.pid), HANDOVER_MS);
  void starter.exited.then(() => clearTimeout(timer));
}

/** The program's pid, once the runtime has started it. */
export async function readProgramPid(files: ExecFiles): Promise<number | undefined> {
  const pid = Number(await readFile(files.pid, 'latin1').catch(() => ''));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

export function toExitCode(exit: ProcessExit): number {
  return exit.exitCode ?? 128 + (exit.signal ?? 0);
}

/** Why the program did not start, in the runtime's words. `said` is what was found on its standard error. */
export async function startFailure(
  runtime: OciRuntime,
  what: string,
  files: ExecFiles,
  said: string,
): Promise<DaemonError> {
  const log = await readFile(files.log, 'utf8').catch(() => '');
  const reason = firstError(log) ?? firstError(said) ?? 'it ended without a word';
  return new DaemonError('unknown', `runtime "${runtime.handler}" ${what}: ${withHint(reason)}`);
}

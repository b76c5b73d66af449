// What every exec has in common: the runtime starts the program detached and leaves it to us to reap.
import { closeSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DaemonError } from '../../errors.ts';
import { killSession, killTree } from '../../host/kill.ts';
import { openNullDevice } from '../../host/null-device.ts';
import { withOomScoreAdj } from '../../host/oom-score.ts';
import { spawnProcess, type ProcessExit, type SpawnedProcess } from '../../host/spawn.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef } from '../driver.ts';
import { firstError, runtimeFailure } from '../first-error.ts';
import { OciCommand } from './command.ts';
import { killInnerTree } from './inner-processes.ts';
import { globalArgs, type OciRuntime } from './options.ts';

/** The files of one exec; the caller removes `directory`. */
export interface ExecFiles {
  readonly directory: string;
  readonly spec: string;
  readonly pid: string;
  /** The program's pid as the sandbox counts, where it runs inside the sandbox's process. */
  readonly innerPid: string;
  readonly log: string;
  /** The program's OOM score adjustment. crun sets it for a container, but not for what is run in it later. */
  readonly oomScoreAdj: number | undefined;
}

/** Writes the program's spec into a directory of its own below the container's bundle. */
export async function writeExecFiles(container: ContainerRef, process: Process): Promise<ExecFiles> {
  const directory = await mkdtemp(join(container.bundle, 'exec-'));
  const files = {
    directory,
    spec: join(directory, 'process.json'),
    pid: join(directory, 'pid'),
    innerPid: join(directory, 'inner-pid'),
    log: join(directory, 'log'),
    oomScoreAdj: process.oomScoreAdj,
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
  const inner = runtime.sandboxProcess ? ['--internal-pid-file', files.innerPid] : [];
  const exec = ['exec', '--detach', ...more, ...inner, '--process', files.spec, '--pid-file', files.pid, id];
  const none = openNullDevice();
  const options = {
    file: runtime.path,
    args: [...globalArgs(runtime), '--log', files.log, '--log-format', 'json', ...exec],
    env: runtime.env,
    stdio: stdio.map((fd) => fd ?? none),
    // Whatever session the runtime puts the program in, nobody else is in it.
    newSession: true,
  };
  try {
    return withOomScoreAdj(files.oomScoreAdj, () => spawnProcess(options));
  } finally {
    closeSync(none);
  }
}

/** Longest wait, in milliseconds, for a runtime that is handing over a program which is to be killed. */
const HANDOVER_MS = 2000;

/**
 * Kills an exec in whatever state it is. While the runtime still hands the program over it is left to finish, because
 * a runtime killed between starting the program and writing its pid would leave one that nobody knows: the caller
 * kills again when the pid is there. A runtime that hangs is killed after all.
 */
export function killExec(
  runtime: OciRuntime,
  container: ContainerRef,
  files: ExecFiles,
  starter: SpawnedProcess,
  program: number | undefined,
): void {
  if (program !== undefined) {
    if (runtime.sandboxProcess) void killInside(runtime, container, files, program);
    else killSession(program);
    return;
  }
  const timer = setTimeout(() => killTree(starter.pid), HANDOVER_MS);
  void starter.exited.then(() => clearTimeout(timer));
}

// On the host there is only who waits for the program, and ends with it; when the runtime cannot kill, the wait ends.
async function killInside(
  runtime: OciRuntime,
  container: ContainerRef,
  files: ExecFiles,
  program: number,
): Promise<void> {
  try {
    // At once: the caller may remove the files.
    const inner = Number(readFileSync(files.innerPid, 'latin1'));
    await killInnerTree(new OciCommand(runtime), container.id, inner);
  } catch {
    killSession(program);
  }
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
  return runtimeFailure(`runtime "${runtime.handler}" ${what}`, reason);
}

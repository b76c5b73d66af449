// Runs a program in a container and collects its output: the runtime starts it detached and leaves it to us to reap.
import { closeSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DaemonError } from '../../errors.ts';
import { killSession, killTree } from '../../host/kill.ts';
import { pipe } from '../../host/kernel.ts';
import type { OrphanReaper } from '../../host/orphans.ts';
import { OutputReader } from '../../host/output-reader.ts';
import { spawnProcess, type ProcessExit, type SpawnedProcess } from '../../host/spawn.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef, ExecSyncRequest, ExecSyncResult } from '../driver.ts';
import { firstError, withHint } from '../first-error.ts';
import { ExecLimit } from './exec-limit.ts';
import { globalArgs, type OciRuntime } from './options.ts';

interface ExecFiles {
  readonly spec: string;
  readonly pid: string;
  readonly log: string;
}

/** @throws deadline-exceeded or cancelled, with the program killed; unknown with the runtime's first error */
export async function execSync(
  runtime: OciRuntime,
  orphans: Pick<OrphanReaper, 'adopt'>,
  container: ContainerRef,
  process: Process,
  request: ExecSyncRequest,
): Promise<ExecSyncResult> {
  const directory = await mkdtemp(join(container.bundle, 'exec-'));
  try {
    const files = { spec: join(directory, 'process.json'), pid: join(directory, 'pid'), log: join(directory, 'log') };
    await writeFile(files.spec, JSON.stringify({ ...process, args: request.command, terminal: false }));
    return await runExec(runtime, orphans, container, request, files);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runExec(
  runtime: OciRuntime,
  orphans: Pick<OrphanReaper, 'adopt'>,
  container: ContainerRef,
  request: ExecSyncRequest,
  files: ExecFiles,
): Promise<ExecSyncResult> {
  const what = `exec in container "${container.id}"`;
  const run = startExec(runtime, container.id, files, request.maxOutputBytes);
  // Undefined until the program itself runs; from then on the runtime's own process has ended.
  let program: number | undefined;
  const kill = () => {
    if (program === undefined) killTree(run.starter.pid);
    else killSession(program);
  };
  const limit = new ExecLimit(what, request, kill);
  try {
    const started = await run.starter.exited;
    program = await readPid(files.pid);
    // Killed at the limit while it handed over: the program may be there all the same.
    if (limit.error !== undefined) kill();
    const exit = program === undefined ? started : await orphans.adopt(program);
    if (limit.error !== undefined) throw limit.error;
    if (started.exitCode !== 0 || program === undefined) throw await startFailure(runtime, what, files, run.err);
    if (exit === undefined) throw new DaemonError('unknown', `${what}: its exit code is lost`);
    return { exitCode: toExitCode(exit), stdout: run.out.finish(), stderr: run.err.finish() };
  } finally {
    limit.clear();
    run.out.close();
    run.err.close();
  }
}

interface RunningExec {
  readonly starter: SpawnedProcess;
  readonly out: OutputReader;
  readonly err: OutputReader;
}

function startExec(runtime: OciRuntime, id: string, files: ExecFiles, maxOutputBytes: number): RunningExec {
  const exec = ['exec', '--detach', '--process', files.spec, '--pid-file', files.pid, id];
  const stdout = pipe(false);
  const stderr = pipe(false);
  const out = new OutputReader(stdout[0], maxOutputBytes);
  const err = new OutputReader(stderr[0], maxOutputBytes);
  try {
    const starter = spawnProcess({
      file: runtime.path,
      args: [...globalArgs(runtime), '--log', files.log, '--log-format', 'json', ...exec],
      env: runtime.env,
      stdio: [null, stdout[1], stderr[1]],
      // Whatever session the runtime puts the program in, nobody else is in it.
      newSession: true,
    });
    return { starter, out, err };
  } catch (error) {
    out.close();
    err.close();
    throw error;
  } finally {
    closeSync(stdout[1]);
    closeSync(stderr[1]);
  }
}

function toExitCode(exit: ProcessExit): number {
  return exit.exitCode ?? 128 + (exit.signal ?? 0);
}

async function readPid(path: string): Promise<number | undefined> {
  const pid = Number(await readFile(path, 'latin1').catch(() => ''));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

async function startFailure(
  runtime: OciRuntime,
  what: string,
  files: ExecFiles,
  err: OutputReader,
): Promise<DaemonError> {
  const log = await readFile(files.log, 'utf8').catch(() => '');
  const reason = firstError(log) ?? firstError(err.finish().toString()) ?? 'it ended without a word';
  return new DaemonError('unknown', `runtime "${runtime.handler}" ${what}: ${withHint(reason)}`);
}

// Runs a program in a container and collects its output.
import { closeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { DaemonError } from '../../errors.ts';
import { pipe } from '../../host/kernel.ts';
import type { OrphanReaper } from '../../host/orphans.ts';
import { OutputReader } from '../../host/output-reader.ts';
import type { SpawnedProcess } from '../../host/spawn.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef, ExecSyncRequest, ExecSyncResult } from '../driver.ts';
import { ExecLimit } from '../exec-limit.ts';
import {
  killExec,
  readProgramPid,
  startExec,
  startFailure,
  toExitCode,
  writeExecFiles,
  type ExecFiles,
} from './exec-start.ts';
import type { OciRuntime } from './options.ts';

/** @throws deadline-exceeded or cancelled, with the program killed; unknown with the runtime's first error */
export async function execSync(
  runtime: OciRuntime,
  orphans: Pick<OrphanReaper, 'adopt'>,
  container: ContainerRef,
  process: Process,
  request: ExecSyncRequest,
): Promise<ExecSyncResult> {
  const files = await writeExecFiles(container, { ...process, args: [...request.command], terminal: false });
  try {
    return await runExec(runtime, orphans, container, request, files);
  } finally {
    await rm(files.directory, { recursive: true, force: true });
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
  const run = startWithReaders(runtime, container.id, files, request.maxOutputBytes);
  // Undefined until the program itself runs; from then on the runtime's own process has ended.
  let program: number | undefined;
  const kill = () => killExec(runtime, container, files, run.starter, program);
  const limit = new ExecLimit(what, request, kill);
  try {
    const started = await run.starter.exited;
    program = await readProgramPid(files);
    // Killed at the limit while it handed over: the program may be there all the same.
    if (limit.error !== undefined) kill();
    const exit = program === undefined ? started : await orphans.adopt(program);
    if (limit.error !== undefined) throw limit.error;
    if (started.exitCode !== 0 || program === undefined) {
      throw await startFailure(runtime, what, files, run.err.finish().toString());
    }
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

function startWithReaders(runtime: OciRuntime, id: string, files: ExecFiles, maxOutputBytes: number): RunningExec {
  const stdout = pipe(false);
  const stderr = pipe(false);
  const out = new OutputReader(stdout[0], maxOutputBytes);
  const err = new OutputReader(stderr[0], maxOutputBytes);
  try {
    return { starter: startExec(runtime, id, files, [null, stdout[1], stderr[1]]), out, err };
  } catch (error) {
    out.close();
    err.close();
    throw error;
  } finally {
    closeSync(stdout[1]);
    closeSync(stderr[1]);
  }
}

// Runs a program in a container with a client's streams.
import { rm } from 'node:fs/promises';
import { orAbort } from '../../async/abort.ts';
import { DaemonError } from '../../errors.ts';
import type { OrphanReaper } from '../../host/orphans.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef, ProcessStreams, TerminalSize } from '../driver.ts';
import { ExecLimit } from '../exec-limit.ts';
import { ExecPipes } from './exec-pipes.ts';
import {
  killExec,
  readProgramPid,
  startExec,
  startFailure,
  toExitCode,
  writeExecFiles,
  type ExecFiles,
} from './exec-start.ts';
import { ExecTerminal } from './exec-terminal.ts';
import type { ExecWires } from './exec-wires.ts';
import type { OciRuntime } from './options.ts';

/** @throws cancelled when the client has gone; unknown with the runtime's first error */
export async function execStream(
  runtime: OciRuntime,
  orphans: Pick<OrphanReaper, 'adopt'>,
  container: ContainerRef,
  process: Process,
  streams: ProcessStreams,
): Promise<number> {
  const what = `exec in container "${container.id}"`;
  const files = await writeExecFiles(container, withSize(process, streams));
  let wires: ExecWires | undefined;
  try {
    wires = process.terminal ? new ExecTerminal(files.directory, streams) : new ExecPipes(streams);
    const program = await startProgram(runtime, container, files, wires, streams.signal);
    // Asked for at once: an orphan nobody waits for is soon reaped.
    const exited = orphans.adopt(program);
    wires.connect();
    await removeFiles(files);
    const exit = await orAbort(exited, streams.signal);
    if (exit === undefined) throw new DaemonError('unknown', `${what}: its exit code is lost`);
    await orAbort(wires.finish(), streams.signal);
    return toExitCode(exit);
  } finally {
    wires?.close();
    await removeFiles(files);
  }
}

// Programs look at their terminal's size as soon as they run.
function withSize(process: Process, streams: ProcessStreams): Process {
  let size: TerminalSize | undefined;
  if (process.terminal) {
    streams.onResize((now) => {
      size = now;
    });
  }
  return size === undefined ? process : { ...process, consoleSize: { height: size.rows, width: size.columns } };
}

async function startProgram(
  runtime: OciRuntime,
  container: ContainerRef,
  files: ExecFiles,
  wires: ExecWires,
  signal: AbortSignal,
): Promise<number> {
  const what = `exec in container "${container.id}"`;
  const starter = startExec(runtime, container.id, files, wires.stdio, wires.flags);
  let program: number | undefined;
  const kill = () => killExec(runtime, container, files, starter, program);
  const limit = new ExecLimit(what, { timeoutMs: runtime.timeouts.startMs, signal }, kill);
  try {
    const started = await starter.exited;
    program = await readProgramPid(files);
    if (limit.error !== undefined) {
      kill();
      throw limit.error;
    }
    if (started.exitCode === 0 && program !== undefined) return program;
    throw await startFailure(runtime, what, files, '');
  } finally {
    limit.clear();
  }
}

function removeFiles(files: ExecFiles): Promise<void> {
  return rm(files.directory, { recursive: true, force: true });
}

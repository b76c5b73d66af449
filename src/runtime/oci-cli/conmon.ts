// Starts conmon: its command line, and the process that outlives the daemon.
import { closeSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pipe } from '../../host/kernel.ts';
import { spawnProcess, type SpawnedProcess } from '../../host/spawn.ts';
import { packageRoot } from '../../package-root.ts';
import type { CreateRequest } from '../driver.ts';
import { bundleFiles } from './bundle-files.ts';
import type { OciRuntime } from './options.ts';
import { joinsSandbox, STAND_IN } from './stand-in.ts';

export interface ConmonOptions {
  /** Absolute path of conmon. */
  readonly conmonPath: string;
  /** Where the exit code is written as a file named by the container. Never the socket directory: conmon empties that. */
  readonly exitDir: string;
  /** Holds one symlink per container for clients of its attach socket; at most 35 bytes long. */
  readonly socketDir: string;
  /** Bytes after which conmon starts the log anew; no limit when not given. */
  readonly logSizeMax?: number;
}

const WITH_INPUT = ['/bin/sh', join(packageRoot(), 'libexec/with-input')];

/**
 * conmon's arguments for creating a container.
 * @param input what the runtime gets as standard input, by path; undefined: what conmon gives it
 */
export function conmonArgs(
  options: ConmonOptions,
  runtime: OciRuntime,
  request: CreateRequest,
  input?: string,
): string[] {
  const files = bundleFiles(request.bundle);
  const joins = runtime.sandboxProcess && joinsSandbox(request.spec);
  const program = [
    ...(input === undefined ? [] : [...WITH_INPUT, input]),
    ...(joins ? [STAND_IN.file, ...STAND_IN.args] : []),
    runtime.path,
  ];
  // Not by conmon's own flag: it puts that first, where a shell that runs the runtime would take it for its own.
  const globals = [
    ...(runtime.systemdCgroup ? ['--systemd-cgroup'] : []),
    ...[...runtime.args, `--root=${runtime.root}`, `--log=${files.createLog}`, '--log-format=json'],
  ];
  return [
    ...['--bundle', request.bundle, '--cid', request.id, '--cuuid', request.id, '--name', request.id],
    ...['--exit-dir', options.exitDir, '--persist-dir', request.bundle, '--socket-dir-path', options.socketDir],
    ...['--log-path', request.logPath === undefined ? 'none' : `k8s-file:${request.logPath}`, '--log-level', 'info'],
    ...(options.logSizeMax === undefined ? [] : ['--log-size-max', String(options.logSizeMax)]),
    ...['--conmon-pidfile', files.monitorPid, '--container-pidfile', files.pid],
    ...['--runtime', ...program.slice(0, 1)],
    ...[...program.slice(1), ...globals].flatMap((arg) => ['--runtime-arg', arg]),
    ...(request.spec.process.terminal ? ['--terminal'] : []),
    ...(request.stdin ? ['--stdin', ...(request.stdinOnce ? [] : ['--leave-stdin-open'])] : []),
  ];
}

export interface StartedConmon {
  /** Ends at once: it forks the monitor and leaves. */
  readonly process: SpawnedProcess;
  /** Where the monitor reports; the caller reads and closes it. */
  readonly syncPipe: number;
  /** What conmon itself complained about; ends the capture. */
  takeComplaints(): string;
}

/** Starts conmon in a session of its own, so that nothing that happens to the daemon reaches it. */
export function startConmon(
  options: ConmonOptions,
  runtime: OciRuntime,
  request: CreateRequest,
  input?: string,
): StartedConmon {
  // A file without a name: the monitor may keep it open for ever without filling a pipe or leaving anything.
  const path = join(request.bundle, 'conmon.stderr');
  const complaints = openSync(path, 'w+', 0o600);
  unlinkSync(path);
  const [readEnd, writeEnd] = pipe(false);
  try {
    const process = spawnProcess({
      file: options.conmonPath,
      args: conmonArgs(options, runtime, request, input),
      env: { ...runtime.env, _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4' },
      cwd: request.bundle,
      // The start pipe's end of file lets the monitor go on at once.
      stdio: [null, null, complaints, writeEnd, null],
      newSession: true,
    });
    return { process, syncPipe: readEnd, takeComplaints: () => takeText(complaints) };
  } catch (error) {
    closeSync(readEnd);
    closeSync(complaints);
    throw error;
  } finally {
    closeSync(writeEnd);
  }
}

function takeText(fd: number): string {
  try {
    return readFileSync(`/proc/self/fd/${fd}`, 'utf8');
  } finally {
    closeSync(fd);
  }
}

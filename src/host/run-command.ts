// Runs a program to its end with bounded output, a time limit and cancellation.
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { pipe } from './kernel.ts';
import { OutputReader } from './output-reader.ts';
import { spawnProcess, type ProcessExit } from './spawn.ts';

export interface CommandOptions {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment; PATH alone when not given. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Bytes for standard input; /dev/null when not given. */
  readonly stdin?: Buffer | string;
  /** Milliseconds until SIGKILL; none when not given. */
  readonly timeoutMs?: number;
  /** Bytes kept per stream; the rest is read and dropped. 1 MiB when not given. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  /** Start a new session, so that `kill` can reach the program's own children as the group of its pid. */
  readonly newSession?: boolean;
  /** Called with the pid right after the start. */
  readonly onStarted?: (pid: number) => void;
  /** Called instead of a SIGKILL to the process when time is up or the caller has gone. */
  readonly kill?: (pid: number) => void;
}

export interface CommandResult extends ProcessExit {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Why it was killed by us, if it was. */
  readonly stopped: 'timeout' | 'cancelled' | undefined;
}

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
function feed(fd: number, data: Buffer | string): void {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => undefined);
  socket.end(data);
}

/**
 * Runs a program and collects its output.
 *
 * A non-zero exit is a result, not an error. The call returns when the process itself has ended, even when a
 * descendant still holds its output open.
 * @throws KernelError when the program cannot be started
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const limit = options.maxOutputBytes ?? 1024 * 1024;
  const stdin = options.stdin === undefined ? undefined : pipe(false);
  const stdout = pipe(false);
  const stderr = pipe(false);
  const childEnds = [stdin?.[0], stdout[1], stderr[1]].filter((fd) => fd !== undefined);
  let child;
  try {
    child = spawnProcess({
      file: options.file,
      args: options.args,
      env: options.env ?? { PATH: DEFAULT_PATH },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: [stdin?.[0] ?? null, stdout[1], stderr[1]],
      newSession: options.newSession ?? false,
    });
  } catch (error) {
    [stdin?.[1], stdout[0], stderr[0]].forEach((fd) => {
      if (fd !== undefined) closeSync(fd);
    });
    throw error;
  } finally {
    childEnds.forEach((fd) => closeSync(fd));
  }
  options.onStarted?.(child.pid);
  const out = new OutputReader(stdout[0], limit);
  const err = new OutputReader(stderr[0], limit);
  if (stdin !== undefined) feed(stdin[1], options.stdin ?? '');
  const { exit, stopped } = await waitFor(child, options);
  return { ...exit, stdout: out.finish(), stderr: err.finish(), stopped };
}

interface Waited {
  readonly exit: ProcessExit;
  readonly stopped: CommandResult['stopped'];
}

async function waitFor(
  child: { readonly pid: number; readonly exited: Promise<ProcessExit> },
  options: CommandOptions,
): Promise<Waited> {
  let stopped: CommandResult['stopped'];
  const stop = (why: 'timeout' | 'cancelled') => {
    stopped ??= why;
    if (options.kill === undefined) process.kill(child.pid, 'SIGKILL');
    else options.kill(child.pid);
  };
  const onAbort = () => stop('cancelled');
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => stop('timeout'), options.timeoutMs);
  if (options.signal?.aborted === true) onAbort();
  else options.signal?.addEventListener('abort', onAbort, { once: true });
  const exit = await child.exited;
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', onAbort);
  return { exit, stopped };
}

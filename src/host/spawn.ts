// Starts processes with posix_spawn: 0.3 ms whatever the daemon's size, where Node's own fork blocks the event loop
// for as long as the daemon is large. Children are reaped one by one on SIGCHLD, so child_process can coexist.
import { deferred, type Deferred } from '../async/deferred.ts';
import { isErrno } from '../errors.ts';
import { KernelError, reap } from './kernel.ts';
import { bind } from './libc.ts';

const c = {
  spawn: bind(
    'int posix_spawn(_Out_ int *pid, const char *path, const uint8_t *actions, const uint8_t *attr, const char **argv, const char **envp)',
  ),
  actionsInit: bind('int posix_spawn_file_actions_init(_Inout_ uint8_t *actions)'),
  actionsDestroy: bind('int posix_spawn_file_actions_destroy(_Inout_ uint8_t *actions)'),
  addDup2: bind('int posix_spawn_file_actions_adddup2(_Inout_ uint8_t *actions, int from, int to)'),
  addOpen: bind(
    'int posix_spawn_file_actions_addopen(_Inout_ uint8_t *actions, int fd, const char *path, int flags, int mode)',
  ),
  addClose: bind('int posix_spawn_file_actions_addclose(_Inout_ uint8_t *actions, int fd)'),
  addChdir: bind('int posix_spawn_file_actions_addchdir_np(_Inout_ uint8_t *actions, const char *path)'),
  attrInit: bind('int posix_spawnattr_init(_Inout_ uint8_t *attr)'),
  attrDestroy: bind('int posix_spawnattr_destroy(_Inout_ uint8_t *attr)'),
  attrFlags: bind('int posix_spawnattr_setflags(_Inout_ uint8_t *attr, int flags)'),
  attrMask: bind('int posix_spawnattr_setsigmask(_Inout_ uint8_t *attr, const uint8_t *set)'),
  attrDefault: bind('int posix_spawnattr_setsigdefault(_Inout_ uint8_t *attr, const uint8_t *set)'),
};

const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
// Larger than the opaque glibc and musl structures they hold.
const ACTIONS_BYTES = 256;
const ATTR_BYTES = 512;
const SIGSET_BYTES = 128;

export interface SpawnOptions {
  /** Absolute path of the program. */
  readonly file: string;
  /** Arguments after argv[0]. */
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The child's descriptors by number: one of ours, or `null` for /dev/null. Others are closed (all ours are close-on-exec). */
  readonly stdio: readonly (number | null)[];
  /** Start a new session, so that signals to our process group do not reach the child. */
  readonly newSession?: boolean;
}

/** How a process ended. Exactly one of the two is set; neither when somebody else reaped it. */
export interface ProcessExit {
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
}

export interface SpawnedProcess {
  readonly pid: number;
  /** Settles when the process has been reaped; never rejects. */
  readonly exited: Promise<ProcessExit>;
}

const running = new Map<number, Deferred<ProcessExit | undefined>>();
let listening = false;

function toExit(status: number): ProcessExit {
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, signal: undefined } : { exitCode: undefined, signal };
}

function reapOne(pid: number, waiter: Deferred<ProcessExit | undefined>): void {
  let exit: ProcessExit | undefined;
  try {
    const status = reap(pid);
    if (status === undefined) return;
    exit = toExit(status);
  } catch (error) {
    if (!isErrno(error, 'ECHILD')) throw error;
  }
  running.delete(pid);
  waiter.resolve(exit);
}

function reapAll(): void {
  for (const [pid, waiter] of running) reapOne(pid, waiter);
}

function register(pid: number): Promise<ProcessExit | undefined> {
  if (!listening) {
    process.on('SIGCHLD', reapAll);
    listening = true;
  }
  const waiter = deferred<ProcessExit | undefined>();
  running.set(pid, waiter);
  return waiter.promise;
}

/** Whether someone here waits for this child. */
export function isAwaited(pid: number): boolean {
  return running.has(pid);
}

/**
 * Waits for a child that another program started and left to us, the subreaper.
 * Undefined when it is no child of ours, or was reaped before.
 */
export function adoptProcess(pid: number): Promise<ProcessExit | undefined> {
  const known = running.get(pid);
  if (known !== undefined) return known.promise;
  const exited = register(pid);
  reapAll();
  return exited;
}

/**
 * Starts a program and returns at once.
 *
 * @throws KernelError with the errno of posix_spawn (ENOENT, EACCES, ENOEXEC, EAGAIN, ...)
 */
export function spawnProcess(options: SpawnOptions): SpawnedProcess {
  const actions = Buffer.alloc(ACTIONS_BYTES);
  const attr = Buffer.alloc(ATTR_BYTES);
  c.actionsInit(actions);
  c.attrInit(attr);
  try {
    // Sources are first moved out of the way of the targets, to numbers above them all: a descriptor listed for one
    // number may sit at another.
    const base = Math.max(options.stdio.length, ...options.stdio.map((fd) => (fd ?? -1) + 1));
    options.stdio.forEach((fd, target) => {
      if (fd !== null) c.addDup2(actions, fd, base + target);
    });
    options.stdio.forEach((fd, target) => {
      if (fd === null) c.addOpen(actions, target, '/dev/null', 2, 0);
      else c.addDup2(actions, base + target, target);
    });
    options.stdio.forEach((fd, target) => {
      if (fd !== null) c.addClose(actions, base + target);
    });
    if (options.cwd !== undefined) c.addChdir(actions, options.cwd);
    c.attrMask(attr, Buffer.alloc(SIGSET_BYTES));
    c.attrDefault(attr, Buffer.alloc(SIGSET_BYTES, 0xff));
    c.attrFlags(attr, SETSIGDEF | SETSIGMASK | (options.newSession === true ? SETSID : 0));
    const pid = [0];
    const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
    const errno = c.spawn(pid, options.file, actions, attr, [options.file, ...options.args, null], [...env, null]);
    if (errno !== 0) throw new KernelError('posix_spawn', errno, `"${options.file}"`);
    const child = pid[0] ?? -1;
    const lost: ProcessExit = { exitCode: undefined, signal: undefined };
    return { pid: child, exited: register(child).then((exit) => exit ?? lost) };
  } finally {
    c.actionsDestroy(actions);
    c.attrDestroy(attr);
  }
}

// The stand-in: the process of the host that conmon supervises in place of a container inside the sandbox's process.
// libexec/join-sandbox has its other half.
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../async/timeout.ts';
import { deadlineExceeded, isErrno } from '../../errors.ts';
import { mknod } from '../../host/kernel.ts';
import { killProcess, killTree } from '../../host/kill.ts';
import { commandLine, identifyProcess, isAlive, listPids } from '../../host/procfs.ts';
import type { Spec } from '../../oci/types.ts';
import { packageRoot } from '../../package-root.ts';
import type { ContainerRef } from '../driver.ts';
import { firstError, runtimeFailure } from '../first-error.ts';
import { bundleFiles } from './bundle-files.ts';

const SHELL = '/bin/sh';
const PROGRAM = join(packageRoot(), 'libexec/join-sandbox');

/** What conmon runs as its runtime: the program, and the arguments before the runtime's own path. */
export const STAND_IN = { file: SHELL, args: [PROGRAM] } as const;

/** Whether a spec is of a container that joins the sandbox of its pod. */
export function joinsSandbox({ annotations }: Pick<Spec, 'annotations'>): boolean {
  return annotations['io.kubernetes.cri.container-type'] === 'container';
}

/** Whether a container was made with a stand-in; known as long as its bundle is there. */
export function hasStandIn({ bundle }: ContainerRef): boolean {
  return existsSync(standInFiles(bundle).release);
}

/** What lies in the bundle of a container with a stand-in, beside what lies in every bundle. */
export function standInFiles(bundle: string) {
  return {
    /** FIFO: a line in it lets the start go on. */
    release: join(bundle, 'release'),
    /** The exit code of the runtime's `start`, a line. */
    started: join(bundle, 'started'),
    startLog: join(bundle, 'start.log'),
    waitLog: join(bundle, 'wait.log'),
  };
}

const FIFO_0600 = 0o010600;

/** Makes what the stand-in waits on; before it is started. */
export function prepareStandIn({ bundle }: ContainerRef): void {
  mknod(standInFiles(bundle).release, FIFO_0600, 0, 0);
}

/** Milliseconds between two looks at what the stand-in says. */
const LOOK_MS = 2;

/**
 * Has the stand-in start its container.
 * @throws DaemonError with the runtime's first error; deadline-exceeded after `timeoutMs`
 */
export async function startThroughStandIn(container: ContainerRef, handler: string, timeoutMs: number): Promise<void> {
  const what = `runtime "${handler}" start of container "${container.id}"`;
  const files = standInFiles(container.bundle);
  const process = findStandIn(container);
  // Open for both, so that it needs no reader yet; the line is lost with us if nobody has read it by then.
  const release = openSync(files.release, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    writeSync(release, 'start\n');
    const end = Date.now() + timeoutMs;
    for (;;) {
      const alive = process !== undefined && isAlive(process);
      const code = readCode(files.started);
      if (code === 0) return;
      if (code !== undefined || !alive) break;
      if (Date.now() > end) throw deadlineExceeded(`${what} took longer than ${timeoutMs} ms`);
      await sleep(LOOK_MS);
    }
  } finally {
    closeSync(release);
  }
  const log = await readFile(files.startLog, 'utf8').catch(() => '');
  const reason = firstError(log) ?? 'the process that stands in for it has ended';
  throw runtimeFailure(what, reason);
}

/** Ends a stand-in whose container was never started, which no signal to the container does. */
export function endUnstarted(container: ContainerRef): void {
  if (readCode(standInFiles(container.bundle).started) !== undefined) return;
  const process = findStandIn(container);
  if (process !== undefined) killTree(process.pid);
}

/**
 * Ends what is left of a container that did not start and was deleted: gVisor's file server for it would live as long as
 * the sandbox, and a container that fails again and again would leave one each time.
 */
export function endRemains({ bundle }: ContainerRef): void {
  if (readCode(standInFiles(bundle).started) === 0) return;
  for (const pid of listPids()) {
    const args = commandLine(pid);
    const flag = args.indexOf('--bundle');
    const identity = flag >= 0 && args[flag + 1] === bundle ? identifyProcess(pid) : undefined;
    if (identity !== undefined) killProcess(identity);
  }
}

function findStandIn({ bundle }: ContainerRef) {
  const pid = Number(readIfThere(bundleFiles(bundle).pid));
  const identity = pid > 1 ? identifyProcess(pid) : undefined;
  // A pid may be another's by now; the stand-in's own command line has its bundle.
  if (identity === undefined || !readIfThere(`/proc/${identity.pid}/cmdline`)?.includes(bundle)) return undefined;
  return identity;
}

function readCode(path: string): number | undefined {
  const text = readIfThere(path);
  return text?.endsWith('\n') === true ? Number(text) : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}

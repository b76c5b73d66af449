// User namespaces of pods: a thread cannot make one, so a short-lived process does, and its namespaces are pinned.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { withTimeout } from '../async/timeout.ts';
import { failedPrecondition, internal, invalidArgument } from '../errors.ts';
import { findProgram } from './find-program.ts';
import { bindNamespace, closeFd, pipe } from './kernel.ts';
import { DEFAULT_PATH, runCommand } from './run-command.ts';
import { spawnProcess } from './spawn.ts';
import { sysctlPath } from './sysctl-path.ts';

/** A run of ids: `containerId + n` inside is `hostId + n` outside, for `length` of them. */
export interface IdRange {
  readonly containerId: number;
  readonly hostId: number;
  readonly length: number;
}

export interface UserNamespaceRequest {
  /** Directory for the pinned files `user` and one per kind; made when absent. */
  readonly directory: string;
  /** Made together with it, so that it owns them. */
  readonly kinds: readonly ('net' | 'ipc' | 'uts')[];
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

const LIMIT_MS = 10_000;
const READY = 'ready';

/**
 * Makes a user namespace with its mappings, and others that belong to it, and pins them all.
 * On failure the caller unpins. Main thread only.
 */
export async function pinUserNamespace({ directory, kinds, uids, gids }: UserNamespaceRequest): Promise<void> {
  const file = program('unshare');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const [goRead, goWrite] = pipe(false);
  const [sayRead, sayWrite] = pipe(true);
  const words = new Socket({ fd: sayRead, readable: true, writable: false });
  let child: ReturnType<typeof spawnProcess> | undefined;
  try {
    try {
      const script = ['--', '/bin/sh', '-c', `echo ${READY}; read -r _`];
      const args = ['--user', ...kinds.map((kind) => `--${kind}`), ...script];
      child = spawnProcess({ file, args, env: { PATH: DEFAULT_PATH }, stdio: [goRead, sayWrite, sayWrite] });
    } finally {
      closeFd(goRead);
      closeFd(sayWrite);
    }
    await withTimeout(awaitReady(words), LIMIT_MS, 'making a user namespace');
    const proc = `/proc/${child.pid}`;
    writeFileSync(`${proc}/uid_map`, uids.map(toLine).join(''));
    writeFileSync(`${proc}/gid_map`, gids.map(toLine).join(''));
    for (const kind of ['user', ...kinds]) {
      writeFileSync(`${directory}/${kind}`, '');
      bindNamespace(`${proc}/ns/${kind}`, `${directory}/${kind}`);
    }
  } finally {
    // The process waits for input: the end of it ends the process.
    closeFd(goWrite);
    words.destroy();
    await child?.exited;
  }
}

// Positional parameters, as values are the pod's own.
const WRITE = 'while [ $# -gt 0 ]; do printf %s "$2" >"$1" || exit; shift 2; done';

/**
 * Sets parameters of the pinned ipc namespace, which the kernel allows only to root of the user namespace it belongs to.
 * @throws invalid-argument with the reason of the kernel
 */
export async function setSysctlsAsRoot(
  directory: string,
  sysctls: readonly (readonly [name: string, value: string])[],
): Promise<void> {
  if (sysctls.length === 0) return;
  const namespaces = [`--user=${directory}/user`, `--ipc=${directory}/ipc`, '--setuid=0', '--setgid=0'];
  const parameters = sysctls.flatMap(([name, value]) => [sysctlPath(name), value]);
  const { exitCode, stderr } = await runCommand({
    file: program('nsenter'),
    args: [...namespaces, '--', '/bin/sh', '-c', WRITE, 'sh', ...parameters],
    timeoutMs: LIMIT_MS,
  });
  if (exitCode === 0) return;
  const names = sysctls.map(([name]) => `"${name}"`).join(', ');
  throw invalidArgument(`sysctl ${names} cannot be set: ${stderr.toString().trim()}`);
}

function program(name: string): string {
  const file = findProgram(name);
  if (file === undefined) throw failedPrecondition(`user namespaces need the program "${name}" of util-linux`);
  return file;
}

function toLine({ containerId, hostId, length }: IdRange): string {
  return `${containerId} ${hostId} ${length}\n`;
}

function awaitReady(words: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    words.once('data', (said: Buffer) => {
      const text = said.toString().trim();
      if (text === READY) resolve();
      else reject(failedPrecondition(`cannot make a user namespace: ${text}`));
    });
    words.once('error', reject);
    words.once('close', () => reject(internal('the process that makes a user namespace ended early')));
  });
}

// Holds a task's FIFOs open while no daemon does: without a reader the last output of a container that ends meanwhile
// would be lost, and without a writer its standard input would end.
import { closeSync, constants, openSync } from 'node:fs';
import { findProgram } from '../../host/find-program.ts';
import { pipe } from '../../host/kernel.ts';
import { killProcess } from '../../host/kill.ts';
import { commandLine, identifyProcess, isAlive, listPids, type ProcessIdentity } from '../../host/procfs.ts';
import { spawnProcess } from '../../host/spawn.ts';
import { sleep } from '../../async/timeout.ts';
import { shimFiles } from './shim-files.ts';

const END_MS = 2000;

/**
 * Starts a process that does nothing but hold a task's outputs.
 * @returns undefined where there is no `cat`: then a restart of the daemon may lose output
 */
export function startKeeper(bundle: string, terminal: boolean): ProcessIdentity | undefined {
  const { stdout, stderr } = shimFiles(bundle);
  return hold(bundle, terminal ? [stdout] : [stdout, stderr], constants.O_RDONLY);
}

/** The same for a task's standard input, which is to end when the client has left for whom alone it was open. */
export function startInputKeeper(bundle: string): ProcessIdentity | undefined {
  const { stdin } = shimFiles(bundle);
  // Read and write: a FIFO that nobody reads yet cannot be opened for writing alone.
  return hold(stdin, [stdin], constants.O_RDWR);
}

// It is `cat`, reading for ever from a pipe of which it has both ends; `mark` among its arguments tells whose it is.
function hold(mark: string, paths: readonly string[], flags: number): ProcessIdentity | undefined {
  const file = findProgram('cat');
  if (file === undefined) return undefined;
  const [read, write] = pipe(false);
  const held = [read, write];
  try {
    for (const path of paths) held.push(openSync(path, flags | constants.O_NONBLOCK));
    const stdio = [read, null, null, write, ...held.slice(2)];
    const { pid } = spawnProcess({ file, args: ['-', mark], env: {}, stdio, newSession: true });
    return identifyProcess(pid);
  } finally {
    held.forEach((fd) => closeSync(fd));
  }
}

/** Ends what keeps a bundle's outputs open; one that was never recorded is looked for. */
export function endKeeper(bundle: string, keeper: ProcessIdentity | undefined): Promise<void> {
  return end(bundle, keeper);
}

/** The same for its input: whoever reads it finds its end when the shim and all clients have closed it as well. */
export function endInputKeeper(bundle: string, keeper: ProcessIdentity | undefined): Promise<void> {
  return end(shimFiles(bundle).stdin, keeper);
}

async function end(mark: string, keeper: ProcessIdentity | undefined): Promise<void> {
  const found = keeper ?? findKeeper(mark);
  if (found === undefined) return;
  killProcess(found);
  for (let waited = 0; isAlive(found) && waited < END_MS; waited += 2) await sleep(2);
}

function findKeeper(mark: string): ProcessIdentity | undefined {
  const pid = listPids().find((candidate) => {
    const [, dash, path] = commandLine(candidate);
    return dash === '-' && path === mark;
  });
  return pid === undefined ? undefined : identifyProcess(pid);
}

// Removes every trace of a task: the shim's memory of it, the shim itself, files outside its log.
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, isErrno } from '../../errors.ts';
import type { ContainerRef } from '../driver.ts';
import { endInputKeeper, endKeeper } from './keeper.ts';
import type { OutputHub } from './output/output-hub.ts';
import type { ShimTimeouts } from './options.ts';
import { loadTask } from './saved-task.ts';
import { endWithShim, reclaim, type SettleDeps } from './settle.ts';
import { shimFiles } from './shim-files.ts';
import type { TaskClient } from './task-client.ts';

const KILL = 9;
const CONFIG = 'config.json';

export interface DeleteDeps extends SettleDeps {
  readonly timeouts: ShimTimeouts;
}

/** May be repeated, also with the bundle gone. */
export async function deleteTask(deps: DeleteDeps, container: ContainerRef): Promise<void> {
  const { shims, command, timeouts } = deps;
  const files = shimFiles(container.bundle);
  const saved = await loadTask(container.bundle);
  const connection = saved === undefined ? undefined : await shims.find(container);
  if (connection !== undefined && saved !== undefined) {
    const mayHang = saved.ownsShim && saved.streams !== null && !deps.hostPids;
    const isGone = !saved.isTask || (await endTask(connection.tasks, container.id, mayHang, timeouts.deleteMs));
    if (saved.ownsShim) await (isGone ? shims.end(connection, container.id) : endWithShim(deps, container));
  } else if (saved?.isTask === true && saved.exit === null && saved.shim !== null) {
    await reclaim(deps, container, undefined);
  }
  // A start that was cut off, and a shim that was killed, leave processes and a socket.
  if (existsSync(files.log)) await command.endStrays(container.id, 0);
  await forgetStreams(deps.hub, container);
  await removeFiles(container.bundle);
}

/**
 * Kills a task and has the shim forget it. One that the shim does not know is fine.
 *
 * @param mayHang the shim may never let go of a task that was not started
 * @returns false when the task is such a one, and is left to be ended with its shim
 */
async function endTask(tasks: TaskClient, id: string, mayHang: boolean, timeoutMs: number): Promise<boolean> {
  try {
    const { status } = await tasks.call('State', { id }, { timeoutMs });
    await tasks.call('Kill', { id, signal: KILL, all: true }, { timeoutMs }).catch(ignore);
    // gVisor's shim watches a task from its start on: a wait for one that never started has no end.
    if (status !== 'CREATED' && status !== 'STOPPED') await tasks.call('Wait', { id }, { timeoutMs });
    if (status === 'CREATED' && mayHang) return false;
    await tasks.call('Delete', { id }, { timeoutMs });
  } catch (error) {
    if (errorCode(error) !== 'not-found' && !tasks.isClosed) throw error;
  }
  return true;
}

/** Ends what keeps a task's streams open. May be repeated. */
export async function forgetStreams(hub: OutputHub, container: ContainerRef): Promise<void> {
  const saved = await loadTask(container.bundle);
  await hub.close(container.id);
  const { stdin, stdout } = shimFiles(container.bundle);
  if (existsSync(stdout)) await endKeeper(container.bundle, saved?.streams?.keeper ?? undefined);
  if (existsSync(stdin)) await endInputKeeper(container.bundle, saved?.streams?.inputKeeper ?? undefined);
}

// What else lies in a bundle is the shim's, and each kind of shim has files of its own.
async function removeFiles(bundle: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(bundle);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const others = names.filter((name) => name !== CONFIG && name !== 'rootfs');
  await Promise.all(others.map((name) => rm(join(bundle, name), { recursive: true, force: true })));
}

function ignore(): void {
  // One that has ended cannot be killed; whether it has, the wait tells.
}

// Waits for the end of a task and writes down how it ended, once; then the shim may forget the task.
import { sleep } from '../../async/timeout.ts';
import { DaemonError, errorCode, errorMessage } from '../../errors.ts';
import { killProcess } from '../../host/kill.ts';
import type { WaitResponse } from '../../gen/containerd/task/v2/WaitResponse.ts';
import type { Logger } from '../../observe/logger.ts';
import { KILLED_EXIT_CODE, type ContainerExit, type ContainerRef, type CreatedContainer } from '../driver.ts';
import type { ShimEvents } from './events.ts';
import { normaliseExit, toNanos } from './exit-status.ts';
import type { OutputHub } from './output/output-hub.ts';
import { loadTask, saveTask, type SavedTask } from './saved-task.ts';
import type { ShimCommand } from './shim-command.ts';
import type { Shims } from './shims.ts';
import type { UnstartedTasks } from './unstarted.ts';

const LOST_EXIT_CODE = 255;
/** How long the output of an ended task may take to arrive. */
const DRAIN_MS = 2000;
/** How long the event of a kill for lack of memory may come after the exit it caused. */
const OOM_MS = 300;
const RETRY_MS = 50;

export interface SettleDeps {
  readonly shims: Shims;
  readonly command: ShimCommand;
  readonly hub: OutputHub;
  readonly events: ShimEvents;
  readonly hostPids: boolean;
  /** The last signal that was sent to a task. */
  readonly sent: ReadonlyMap<string, number>;
  readonly unstarted: UnstartedTasks;
  readonly log: Pick<Logger, 'warn'>;
}

/** Rejects with cancelled when the driver is closed. */
export async function settle(
  deps: SettleDeps,
  container: ContainerRef,
  created: CreatedContainer,
): Promise<ContainerExit> {
  const known = (await loadTask(container.bundle))?.exit ?? undefined;
  if (known !== undefined) return { ...known, finishedAt: BigInt(known.finishedAt) };
  const unstarted = deps.unstarted.ended(container.id).then(() => 'unstarted' as const);
  const reply = await Promise.race([awaitExit(deps, container), unstarted]);
  if (reply === 'unstarted') return write(deps, container, await endUnstarted(deps, container));
  if (reply === undefined) return write(deps, container, await reclaim(deps, container, created));
  await deps.hub.drain(container.id, DRAIN_MS);
  const sent = deps.sent.get(container.id);
  const exitCode = normaliseExit(reply.exitStatus, sent);
  // Whoever was killed, and not by us, may have been killed for its memory.
  const waitMs = exitCode === KILLED_EXIT_CODE && sent === undefined ? OOM_MS : 0;
  return write(deps, container, {
    exitCode,
    finishedAt: toNanos(reply.exitedAt) ?? BigInt(Date.now()) * 1_000_000n,
    oomKilled: await deps.events.oomKilled(container.bundle, waitMs),
    known: true,
  });
}

/** Undefined when the shim is dead, or does not know the task. */
async function awaitExit({ shims }: SettleDeps, container: ContainerRef): Promise<WaitResponse | undefined> {
  for (;;) {
    const connection = await shims.find(container);
    refuseClosed(shims);
    if (connection === undefined) return undefined;
    try {
      return await connection.tasks.call('Wait', { id: container.id });
    } catch (error) {
      refuseClosed(shims);
      if (errorCode(error) === 'not-found') return undefined;
      if (!connection.tasks.isClosed) throw error;
      // The shim may be dead, or only have dropped the connection: the next look tells.
      await sleep(RETRY_MS);
    }
  }
}

function refuseClosed(shims: Shims): void {
  if (shims.isClosed) throw new DaemonError('cancelled', 'the driver was closed');
}

/**
 * Ends a task that its shim has left behind: nobody supervises it any more, and how it ends cannot be learnt. Where the
 * shim had recorded an exit, that is it.
 */
export async function reclaim(
  { command, hostPids, events, log }: SettleDeps,
  container: ContainerRef,
  created: CreatedContainer | undefined,
): Promise<ContainerExit> {
  let status: number | undefined;
  try {
    status = (await command.delete(container))?.exitStatus;
  } catch (error) {
    log.warn(
      { containerId: container.id, reason: errorMessage(error) },
      'cannot clean up after a dead shim with its own means',
    );
    if (hostPids && created !== undefined) killProcess(created.init);
  }
  // It says 137 too when it knows nothing.
  const known = status !== undefined && status !== KILLED_EXIT_CODE;
  return {
    exitCode: known ? (status ?? LOST_EXIT_CODE) : LOST_EXIT_CODE,
    finishedAt: BigInt(Date.now()) * 1_000_000n,
    oomKilled: await events.oomKilled(container.bundle, 0),
    known,
  };
}

async function endUnstarted(deps: SettleDeps, container: ContainerRef): Promise<ContainerExit> {
  if ((await loadTask(container.bundle))?.ownsShim === true) await endWithShim(deps, container);
  return { exitCode: KILLED_EXIT_CODE, finishedAt: BigInt(Date.now()) * 1_000_000n, oomKilled: false, known: true };
}

/**
 * Ends a task that was not started, and the shim that was made for it: gVisor's waits for the end of streams that only a
 * start would have given to somebody, and answers nothing meanwhile.
 */
export async function endWithShim(deps: SettleDeps, container: ContainerRef): Promise<void> {
  await deps.command.endStrays(container.id, 0);
  await reclaim(deps, container, undefined);
}

async function write({ hub }: SettleDeps, container: ContainerRef, exit: ContainerExit): Promise<ContainerExit> {
  const saved: SavedTask | undefined = await loadTask(container.bundle);
  // Deleted meanwhile.
  if (saved === undefined) return exit;
  saveTask(container.bundle, { ...saved, exit: { ...exit, finishedAt: exit.finishedAt.toString() } });
  await hub.drain(container.id, 0);
  return exit;
}

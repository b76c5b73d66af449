// The container's transitions, pure: every change of status goes through `nextStatus`.
import { failedPrecondition } from '../errors.ts';
import { KILLED_EXIT_CODE, type ContainerExit, type CreatedContainer } from '../runtime/driver.ts';
import type { ContainerStatus } from '../state/container-record.ts';

export type ContainerEvent =
  | { readonly type: 'created'; readonly processes: CreatedContainer }
  | { readonly type: 'started'; readonly at: bigint }
  | { readonly type: 'start-failed'; readonly at: bigint; readonly message: string }
  | { readonly type: 'exited'; readonly exit: ContainerExit };

/** 128: the code Docker and containerd give to a container that could not be started. */
const START_ERROR_EXIT_CODE = 128;

/**
 * The status after an event. An exit of a container that has already exited changes nothing.
 * @throws failed-precondition when the event cannot happen in this state
 */
export function nextStatus(from: ContainerStatus, event: ContainerEvent): ContainerStatus {
  switch (event.type) {
    case 'created':
      if (from.phase !== 'creating') throw illegal(from, 'be created again');
      return { phase: 'created', processes: event.processes };
    case 'started':
      if (from.phase !== 'created') throw illegal(from, 'be started');
      return { phase: 'running', processes: from.processes, startedAt: event.at.toString() };
    case 'start-failed':
      if (from.phase !== 'created') throw illegal(from, 'be started');
      return exited(0n, event.at, START_ERROR_EXIT_CODE, 'StartError', event.message);
    case 'exited':
      if (from.phase === 'exited') return from;
      return afterExit(from.phase === 'running' ? BigInt(from.startedAt) : 0n, event.exit);
  }
}

function afterExit(startedAt: bigint, exit: ContainerExit): ContainerStatus {
  // The exit file's time comes from a coarser clock than ours and may lie a tick before the start.
  const finishedAt = exit.finishedAt < startedAt ? startedAt : exit.finishedAt;
  if (!exit.known)
    return exited(startedAt, finishedAt, exit.exitCode, 'Unknown', 'the monitor died before the container');
  if (exit.oomKilled && exit.exitCode === KILLED_EXIT_CODE)
    return exited(startedAt, finishedAt, exit.exitCode, 'OOMKilled', '');
  return exited(startedAt, finishedAt, exit.exitCode, exit.exitCode === 0 ? 'Completed' : 'Error', '');
}

function exited(
  startedAt: bigint,
  finishedAt: bigint,
  exitCode: number,
  reason: string,
  message: string,
): ContainerStatus {
  return {
    phase: 'exited',
    startedAt: startedAt.toString(),
    finishedAt: finishedAt.toString(),
    exitCode,
    reason,
    message,
  };
}

function illegal(from: ContainerStatus, verb: string): Error {
  return failedPrecondition(`a container in state "${from.phase}" cannot ${verb}`);
}

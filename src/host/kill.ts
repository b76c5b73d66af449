// Signals to processes that may be gone already, by identity or by session.
import { isErrno } from '../errors.ts';
import { isAlive, listPids, parentOf, sessionOf, type ProcessIdentity } from './procfs.ts';

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** Sends SIGKILL to this very process; fine when it is gone. */
export function killProcess(identity: ProcessIdentity): void {
  if (isAlive(identity)) send(identity.pid, 9);
}

/**
 * Sends SIGKILL to a process and to all of its session, unless that is our own. Scans /proc.
 * `member` must be a process that was not reaped yet, or another may have its pid by now.
 */
export function killSession(member: number): void {
  const session = sessionOf(member);
  const others = session !== undefined && session !== sessionOf(process.pid);
  listPids()
    .filter((pid) => pid === member || (others && sessionOf(pid) === session))
    .forEach((pid) => send(pid, 9));
}

/** Sends SIGKILL to a process and to all below it, parents first so that none is started meanwhile. Scans /proc. */
export function killTree(root: number): void {
  const children = new Map<number, number[]>();
  for (const pid of listPids()) {
    const parent = parentOf(pid) ?? 0;
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const visit = (pid: number): void => {
    send(pid, 9);
    children.get(pid)?.forEach(visit);
  };
  visit(root);
}

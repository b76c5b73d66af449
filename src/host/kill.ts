// Signals to processes that may be gone already, by identity or by session.
import { isErrno } from '../errors.ts';
import { isAlive, isStill, listPids, parentOf, sessionOf, type ProcessIdentity } from './procfs.ts';

const SIGKILL = 9;
const SIGSTOP = 19;

/** Each costs a scan; what starts processes faster than this is for the cgroup to end. */
const MAX_ROUNDS = 20;

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** Sends SIGKILL to this very process; fine when it is gone. */
export function killProcess(identity: ProcessIdentity): void {
  if (isAlive(identity)) send(identity.pid, SIGKILL);
}

/**
 * Sends SIGKILL to a process and to all of its session, unless that is our own. Scans /proc.
 * `member` must be a process that was not reaped yet, or another may have its pid by now.
 */
export function killSession(member: number): void {
  const session = sessionOf(member);
  send(member, SIGKILL);
  if (session === undefined || session === sessionOf(process.pid)) return;
  // The kernel lets a process that is being killed finish no fork.
  signalAll({ scan: () => listPids().filter((pid) => sessionOf(pid) === session), signal: SIGKILL, until: () => true });
}

/** Sends SIGKILL to a process and to all below it. Scans /proc. */
export function killTree(root: number): void {
  // Stopped first: a parent that is killed takes the sight of its children along. A fork under way is still finished.
  const stopped = signalAll({ scan: () => treeBelow(root), signal: SIGSTOP, until: isStill });
  stopped.forEach((pid) => send(pid, SIGKILL));
}

interface Volley {
  readonly scan: () => readonly number[];
  readonly signal: number;
  /** Whether a process that has the signal can start no other any more. */
  readonly until: (pid: number) => boolean;
}

// A scan takes milliseconds in which a process may start another: the one that finds nobody new, after all have come to
// rest, has found all.
function signalAll({ scan, signal, until }: Volley): ReadonlySet<number> {
  const done = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const settled = [...done].every(until);
    const found = scan().filter((pid) => !done.has(pid));
    if (found.length === 0 && settled) break;
    for (const pid of found) {
      send(pid, signal);
      done.add(pid);
    }
  }
  return done;
}

function treeBelow(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of listPids()) {
    const parent = parentOf(pid) ?? 0;
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const withDescendants = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(withDescendants)];
  return withDescendants(root);
}

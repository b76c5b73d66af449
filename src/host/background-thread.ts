// Threads of a pull work whenever the daemon's own thread, which answers RPCs, does not.
import { readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { gettid, schedIdle } from './kernel.ts';

// What there is without a cgroup of our own.
const NICENESS = 5;

/**
 * Puts the calling thread behind the process's others. In a cgroup of its own, as a service manager gives it, that is
 * all the way: the kernel lets a thread that wakes up run at once then, and not at the next tick, while the share of the
 * whole stays what it was. In the root cgroup such a thread would starve on a busy node, as it would compete with all pods,
 * and in that of a login with whatever its user runs beside it: there it only gets a smaller share.
 * @see sched(7), SCHED_IDLE
 */
export function becomeBackground(): void {
  setPriority(gettid(), getPriority() + NICENESS);
  if (!hasOwnCpuShare(readFileSync('/proc/self/cgroup', 'latin1').split('\n'))) return;
  try {
    schedIdle();
  } catch {
    // A filter of system calls may forbid it, to a daemon in a container: the smaller share has to do.
  }
}

/** @param cgroups the lines of /proc/PID/cgroup */
export function hasOwnCpuShare(cgroups: readonly string[]): boolean {
  const paths = cgroups.map((line) => /^\d+:(?<controllers>[^:]*):(?<path>.*)$/.exec(line)?.groups ?? {});
  // On cgroup v1 and hybrid hosts the controller is in a hierarchy of its own, and v2 does not have it.
  const own =
    paths.find(({ controllers = '' }) => controllers.split(',').includes('cpu')) ??
    paths.find(({ controllers }) => controllers === '');
  const path = own?.['path'] ?? '/';
  return path !== '/' && !path.startsWith('/user.slice/');
}

// Which threads stand behind the daemon's own, which answers RPCs: those of a pull, and the process's helpers.
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { gettid } from './kernel.ts';

// The least there is, which a thread gets that has a cgroup of our own around it, and the steps behind of one that has not.
const LAST = 19;
const STEPS = 5;

/**
 * Puts the calling thread behind the process's others. In a cgroup of its own, as a service manager gives it, that is
 * almost all the way, while the share of the whole stays what it was. In the root cgroup such a thread would starve on a
 * busy node, as it would compete with all pods, and in that of a login with whatever its user runs beside it: there it only
 * gets a smaller share.
 *
 * Not SCHED_IDLE: the kernel takes a processor that runs such a thread for an idle one, and wakes up the thread that
 * inflates a layer on the processor of the one that writes it, which stops, with another processor idle.
 * @see sched(7)
 */
export function becomeBackground(): void {
  const cgroups = readFileSync('/proc/self/cgroup', 'latin1').split('\n');
  setPriority(gettid(), hasOwnCpuShare(cgroups) ? LAST : behindUs());
}

/**
 * Puts the threads that the process has by now behind the calling one, which is its first: V8's, which compile and collect, and
 * the pool's, which inflate. As equals they make it wait for a tick. Not far behind, as it waits for them at times. Threads
 * that start later are not touched.
 */
export function putHelpersBehind(): void {
  for (const tid of readdirSync('/proc/self/task').map(Number)) {
    if (tid === process.pid) continue;
    try {
      setPriority(tid, behindUs());
    } catch {
      // It has ended meanwhile, as some do that only start others.
    }
  }
}

/** The daemon itself may have been started with little precedence. */
function behindUs(): number {
  return Math.min(getPriority() + STEPS, LAST);
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

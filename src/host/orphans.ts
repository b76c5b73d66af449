// Makes the daemon the parent of what its helpers leave behind, so that exit codes are ours and zombies do not stay.
import { becomeSubreaper, reap } from './kernel.ts';
import { zombieChildren } from './procfs.ts';
import { adoptProcess, isAwaited, type ProcessExit } from './spawn.ts';

/**
 * Takes in orphaned descendants (monitors, detached execs) and reaps those nobody asks for.
 *
 * A zombie outside its pid namespace holds that namespace's end up, so waiting for the host's init to reap is no choice.
 */
export class OrphanReaper {
  readonly #timer: NodeJS.Timeout;
  #seen = new Set<number>();

  /** @param sweepMs how often strangers are looked for; one is reaped at the second sighting. */
  constructor(sweepMs = 1000) {
    becomeSubreaper();
    this.#timer = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  /** Waits for an orphan by pid; undefined when it never was a child of ours or its exit is lost. */
  adopt(pid: number): Promise<ProcessExit | undefined> {
    return adoptProcess(pid);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  // Node reaps its own children at once, and an exec is adopted at once: who is still there a sweep later is nobody's.
  #sweep(): void {
    const strangers = zombieChildren().filter((pid) => !isAwaited(pid));
    strangers.filter((pid) => this.#seen.has(pid)).forEach((pid) => reap(pid));
    this.#seen = new Set(strangers);
  }
}

// Gives volumes the SELinux label of the containers that are to use them, off the main thread.
import { realpathSync } from 'node:fs';
import { Limiter } from '../async/limiter.ts';
import { SingleFlight } from '../async/single-flight.ts';
import { errorMessage, failedPrecondition, invalidArgument } from '../errors.ts';
import { DiskChores } from '../host/disk-usage.ts';

/** At most so many trees at a time, each in a thread of its own: a volume of millions of files takes minutes. */
const PARALLEL = 4;

// The host would not work with a container's label on these. The list is the one of containerd and CRI-O.
const SYSTEM_PLACES = [
  ...['/', '/bin', '/boot', '/dev', '/etc', '/etc/passwd', '/etc/pki', '/etc/shadow', '/home', '/lib', '/lib64'],
  ...['/media', '/opt', '/proc', '/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/var', '/var/lib'],
  '/var/log',
];

export class VolumeLabels {
  readonly #limiter = new Limiter(PARALLEL);
  readonly #flights = new SingleFlight<void>();
  readonly #threads: DiskChores[] = [];
  readonly #idle: DiskChores[] = [];
  #systemPlaces: ReadonlySet<string> | undefined;

  /**
   * Labels a volume with all that is in it, unless it is so already; an equal call that is in flight is joined.
   * @param path without symbolic links
   * @throws invalid-argument for a directory of the system; failed-precondition when a file refuses the label
   */
  async relabel(path: string, label: string): Promise<void> {
    this.#systemPlaces ??= new Set([...SYSTEM_PLACES, ...SYSTEM_PLACES.flatMap(resolved)]);
    if (this.#systemPlaces.has(path)) {
      throw invalidArgument(`"${path}" belongs to the system, and SELinux keeps containers from it: mount less of it`);
    }
    await this.#flights.run(`${path}\0${label}`, () => this.#limiter.run(() => this.#label(path, label)));
  }

  /** Ends the threads; relabelling in flight fails. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  async #label(path: string, label: string): Promise<void> {
    const thread = this.#idle.pop() ?? this.#newThread();
    try {
      await thread.label(path, label);
    } catch (error) {
      throw failedPrecondition(errorMessage(error));
    } finally {
      this.#idle.push(thread);
    }
  }

  #newThread(): DiskChores {
    const thread = new DiskChores();
    this.#threads.push(thread);
    return thread;
  }
}

// Many of them are links, as /bin is to /usr/bin.
function resolved(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

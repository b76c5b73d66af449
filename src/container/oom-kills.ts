// Kills for lack of memory that nobody saw. A monitor reads the counter of the container's own cgroup, and systemd removes
// that as soon as it is empty, which may be sooner. The pod's cgroup counts for all that are or were below it.
import { dirname } from 'node:path';
import type { CgroupHost } from '../cgroup/host.ts';

interface Pod {
  /** Cgroups of containers that have not ended, and the pod's kills that are none of theirs. */
  readonly live: Map<string, number>;
  /** Kills in containers that have. */
  past: number;
}

/**
 * Tells for each container whether a process of it was killed for lack of memory. On cgroup v1, where a cgroup counts for
 * itself alone and stays until the runtime deletes its container, that is the container's own counter.
 */
export class OomKills {
  readonly #cgroups: Pick<CgroupHost, 'version' | 'oomKills'>;
  readonly #pods = new Map<string, Pod>();

  constructor(cgroups: Pick<CgroupHost, 'version' | 'oomKills'>) {
    this.#cgroups = cgroups;
  }

  /**
   * From now on the container's kills are counted as its own.
   * @param isPods whether what the container's cgroup is in is the pod's alone
   */
  watch(cgroupPath: string, isPods = true): void {
    if (this.#cgroups.version !== 'v2') return;
    const path = dirname(cgroupPath);
    const kills = this.#kills(path);
    const pod = this.#pods.get(path) ?? { live: new Map(), past: kills };
    if (pod.live.has(cgroupPath)) return;
    pod.live.set(cgroupPath, isPods ? 0 : kills);
    pod.past -= this.#kills(cgroupPath);
    this.#pods.set(path, pod);
  }

  /**
   * Ends the watch of a container that has ended: true when the kernel killed a process of it. To be called before its
   * runtime deletes it.
   * @param isShared it has no cgroup of its own: what is killed in the pod is the sandbox, with all its containers, and
   *   no pod lives through that
   */
  end(cgroupPath: string, isShared = false): boolean {
    if (this.#cgroups.version !== 'v2') return this.#kills(cgroupPath) > 0;
    const path = dirname(cgroupPath);
    const kills = this.#kills(path);
    const pod = this.#pods.get(path);
    const foreign = pod?.live.get(cgroupPath);
    if (pod === undefined || foreign === undefined) return false;
    pod.live.delete(cgroupPath);
    if (pod.live.size === 0) this.#pods.delete(path);
    const others = [...pod.live.keys()].reduce((sum, other) => sum + this.#kills(other), 0);
    const own = kills - others - pod.past;
    pod.past += own;
    return own > 0 || (isShared && kills > foreign);
  }

  #kills(path: string): number {
    return this.#cgroups.oomKills(path) ?? 0;
  }
}

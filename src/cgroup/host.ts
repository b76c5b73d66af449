// CgroupHost: the host's cgroups behind one face, whatever their generation and whoever manages them.
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { failedPrecondition, internal, isErrno } from '../errors.ts';
import type { MountEntry } from '../host/mounts.ts';
import { readFacts } from './facts.ts';
import type { CgroupFacts } from './facts.ts';
import { allPaths, controllerPath, findHierarchies, unifiedPath } from './hierarchies.ts';
import type { CgroupVersion, Hierarchies } from './hierarchies.ts';
import { limitMemory } from './limit-memory.ts';
import type { CgroupMetrics } from './metrics.ts';
import { checkParent, containerPath, podParent, podPath } from './paths.ts';
import type { CgroupDriver, ContainerCgroup } from './paths.ts';
import { readMetrics } from './read-metrics.ts';
import { readOomKills, readStats } from './read-stats.ts';
import { stopSlice } from './slices.ts';
import type { CgroupStats } from './stats.ts';
import { killTree, makeTree, processesBelow, removeTree } from './tree.ts';

export interface DetectOptions {
  /** `auto`: systemd where it runs. */
  readonly driver: 'auto' | CgroupDriver;
  /** From `listMounts()`. */
  readonly mounts: readonly MountEntry[];
  readonly systemdRunning: boolean;
}

/**
 * A *parent* is the cgroup parent of a pod as the CRI gives it. A *path* is that of a cgroup below the root of every
 * hierarchy and starts with a slash; the root itself is never accepted.
 */
export class CgroupHost {
  readonly version: CgroupVersion;
  readonly driver: CgroupDriver;
  readonly facts: CgroupFacts;
  readonly #hierarchies: Hierarchies;

  private constructor(hierarchies: Hierarchies, driver: CgroupDriver) {
    this.#hierarchies = hierarchies;
    this.version = hierarchies.version;
    this.driver = driver;
    this.facts = readFacts(hierarchies);
  }

  /** @throws failed-precondition without cgroups, or for the systemd driver where systemd does not run */
  static detect({ driver, mounts, systemdRunning }: DetectOptions): CgroupHost {
    if (driver === 'systemd' && !systemdRunning) {
      throw failedPrecondition('the cgroup driver is systemd, but systemd does not run here: set it to "cgroupfs"');
    }
    const chosen = driver === 'auto' ? (systemdRunning ? 'systemd' : 'cgroupfs') : driver;
    return new CgroupHost(findHierarchies(mounts), chosen);
  }

  /** @throws invalid-argument when the parent's style is not the driver's */
  checkParent(parent: string): void {
    checkParent(this.driver, parent);
  }

  /** `requested`, or a parent of the pod's own when the CRI names none. */
  podParent(requested: string, sandboxId: string): string {
    return podParent(this.driver, requested, sandboxId);
  }

  podPath(parent: string): string {
    return podPath(this.driver, parent);
  }

  containerPath(parent: string, id: string): ContainerCgroup {
    return containerPath(this.driver, parent, id);
  }

  /** Whether the cgroup is there in any hierarchy. */
  exists(path: string): boolean {
    return allPaths(this.#hierarchies, path).some((dir) => existsSync(dir));
  }

  /** Makes a cgroup and its parents in every hierarchy. May be repeated. Left to systemd where that is the driver. */
  ensure(path: string): void {
    refuseRoot(path);
    if (this.driver === 'systemd') return;
    const roots = allPaths(this.#hierarchies, '/').map((root) => root.replace(/\/$/, ''));
    for (const root of roots) makeTree(root, posix.join(root, path));
  }

  /**
   * Removes a cgroup and everything below it from every hierarchy; what is gone is fine. Where systemd is the driver a
   * slice is stopped, with what runs in it, and a scope goes by itself.
   * @throws the system error EBUSY when processes remain
   */
  async remove(path: string): Promise<void> {
    refuseRoot(path);
    if (this.driver === 'systemd') {
      if (path.endsWith('.slice') && this.exists(path)) await stopSlice(posix.basename(path));
      return;
    }
    await Promise.all(allPaths(this.#hierarchies, path).map(removeTree));
  }

  /** Pids in the cgroup and below it; empty when it is gone. */
  processes(path: string): number[] {
    refuseRoot(path);
    const dir = this.#processPath(path);
    return dir === undefined ? [] : processesBelow(dir);
  }

  /** Sends SIGKILL to every process of the cgroup. They may need a moment to end. */
  killAll(path: string): void {
    refuseRoot(path);
    const unified = unifiedPath(this.#hierarchies, path);
    if (unified !== undefined && killTree(unified) && this.version === 'v2') return;
    // A process may fork between reading the list and the signal, so look again.
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const pids = this.processes(path).filter((pid) => pid > 1 && pid !== process.pid);
      if (pids.length === 0) return;
      pids.forEach(kill);
    }
  }

  /** Limits memory of the cgroup and all below it; swap is none then. `undefined` takes the limit away. */
  limitMemory(path: string, bytes: number | undefined): void {
    refuseRoot(path);
    limitMemory(this.#hierarchies, path, bytes);
  }

  /** undefined when the cgroup is gone. About ten synchronous reads of files that the kernel makes up. */
  readStats(path: string): CgroupStats | undefined {
    return readStats(this.#hierarchies, path);
  }

  /** undefined when the cgroup is gone. */
  readMetrics(path: string): CgroupMetrics | undefined {
    return readMetrics(this.#hierarchies, path);
  }

  /** How often the kernel killed a process in it for lack of memory; undefined when that is unknown. */
  oomKills(path: string): number | undefined {
    return readOomKills(this.#hierarchies, path);
  }

  // Every process is in every hierarchy; pids is the one the runtimes always use on v1.
  #processPath(path: string): string | undefined {
    if (this.version === 'v2') return unifiedPath(this.#hierarchies, path);
    const controllers = ['pids', 'memory', 'devices', 'freezer', ...this.#hierarchies.controllers.keys()];
    return controllers
      .map((controller) => controllerPath(this.#hierarchies, controller, path))
      .find((dir) => dir !== undefined && existsSync(dir));
  }
}

const KILL_ROUNDS = 10;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

function refuseRoot(path: string): void {
  if (!path.startsWith('/') || posix.join(path, '.') === '/' || path.split('/').includes('..')) {
    throw internal(`"${path}" is not a cgroup below the root`);
  }
}

// Root file systems of containers: overlay mounts of layers, each with a writable directory of its own.
//
//   ROOT/rootfs/ID/upper, work   what the container wrote; kept over restarts and reboots
//   ROOT/rootfs/tmp-...          being removed; swept at start
//   ROOT/empty/a, b              stand in where overlay wants more layers than an image has
//   RUN/rootfs/ID                the mount
import { chown, mkdir, readdir, rename, rmdir, stat } from 'node:fs/promises';
import { SingleFlight } from '../../async/single-flight.ts';
import { errorMessage, isErrno } from '../../errors.ts';
import { DiskChores, type DiskUsage } from '../../host/disk-usage.ts';
import { removeMount } from '../../host/mounts.ts';
import { newId } from '../../ids.ts';
import type { Logger } from '../../observe/logger.ts';
import { sweepMappedLayers, withMappedLayers, type RootfsOwner } from './mapped-layers.ts';
import { mountOverlay, type OverlayMount } from './overlay-mount.ts';

/** A root file system ready for use. */
export interface PreparedRootfs {
  /** The directory on which it is mounted. */
  readonly path: string;
}

export interface RootfsStoreOptions {
  /** Persistent directory; must not itself lie on an overlay. */
  readonly root: string;
  /** Volatile directory, for the mounts. */
  readonly run: string;
  /** Where layers are; they must exist when a root file system is mounted. */
  readonly layers: { directory(chainId: string): string };
  readonly log: Logger;
}

const USAGE_AGE_MS = 10_000;

export class RootfsStore {
  readonly #home: string;
  readonly #mounts: string;
  readonly #empty: readonly [string, string];
  readonly #layers: RootfsStoreOptions['layers'];
  readonly #log: Logger;
  readonly #chores = new DiskChores();
  readonly #ids = new Set<string>();
  readonly #usages = new Map<string, { readonly usage: DiskUsage; readonly until: number }>();
  readonly #measuring = new SingleFlight<DiskUsage>();

  private constructor({ root, run, layers, log }: RootfsStoreOptions) {
    this.#home = `${root}/rootfs`;
    this.#mounts = `${run}/rootfs`;
    this.#empty = [`${root}/empty/a`, `${root}/empty/b`];
    this.#layers = layers;
    this.#log = log;
  }

  /** Finds what is there and sweeps, in the background, what was being removed. Mounts nothing. */
  static async open(options: RootfsStoreOptions): Promise<RootfsStore> {
    const store = new RootfsStore(options);
    for (const path of [store.#home, store.#mounts, ...store.#empty])
      await mkdir(path, { recursive: true, mode: 0o755 });
    await sweepMappedLayers(store.#mounts);
    for (const name of await readdir(store.#home)) {
      if (name.startsWith('tmp-')) store.#discard(`${store.#home}/${name}`);
      else store.#ids.add(name);
    }
    for (const name of await readdir(store.#mounts)) if (!name.startsWith('links-')) store.#ids.add(name);
    return store;
  }

  /** Where the root file system of a container is, or would be, mounted. */
  path(id: string): string {
    return `${this.#mounts}/${id}`;
  }

  /** The ids of which anything is left, mounted or not. */
  list(): readonly string[] {
    return [...this.#ids];
  }

  /** Whether anything is left of an id. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /**
   * Makes and mounts a writable root file system. On failure the caller releases it.
   *
   * @param chainIds layers, bottom first; may be empty
   * @param owner of the pod's user namespace, when it has one
   * @param label of SELinux for all of its files, when they have one
   */
  async prepare(id: string, chainIds: readonly string[], owner?: RootfsOwner, label?: string): Promise<PreparedRootfs> {
    this.#ids.add(id);
    const upper = `${this.#home}/${id}/upper`;
    const work = `${this.#home}/${id}/work`;
    const target = this.path(id);
    // The writable directory is also the root directory the container sees: open to all its users.
    for (const path of [upper, work, target]) await mkdir(path, { recursive: true, mode: 0o755 });
    if (owner !== undefined) await chown(upper, owner.uid, owner.gid);
    await this.#mount({ lower: this.#lower(chainIds, 1), writable: { upper, work }, target, label }, owner);
    return { path: target };
  }

  /** Mounts a root file system again after a reboot, with all the container wrote; does nothing when it is mounted. */
  async ensureMounted(id: string, chainIds: readonly string[]): Promise<PreparedRootfs> {
    return (await isMounted(this.path(id))) ? { path: this.path(id) } : await this.prepare(id, chainIds);
  }

  /**
   * Mounts layers read-only, at `target` or where the root file system of `id` would be; `release` undoes the latter.
   *
   * @param chainIds layers, bottom first; may be empty
   */
  async mountReadOnly(
    id: string,
    chainIds: readonly string[],
    target = this.path(id),
    owner?: RootfsOwner,
    label?: string,
  ): Promise<PreparedRootfs> {
    if (target === this.path(id)) this.#ids.add(id);
    await mkdir(target, { recursive: true, mode: 0o755 });
    if (!(await isMounted(target))) {
      await this.#mount({ lower: this.#lower(chainIds, 2), target, label }, owner);
    }
    return { path: target };
  }

  /**
   * Unmounts a root file system, even a busy one, and removes all the container wrote; the files go in the background.
   * May be repeated.
   */
  async release(id: string): Promise<void> {
    const target = this.path(id);
    removeMount(target);
    await rmdir(target).catch(ignoreMissing);
    const grave = `${this.#home}/tmp-${newId().slice(0, 16)}`;
    await rename(`${this.#home}/${id}`, grave).then(() => this.#discard(grave), ignoreMissing);
    this.#usages.delete(id);
    this.#ids.delete(id);
  }

  /** What the container wrote, up to ten seconds ago; nothing for an unknown id. Measured off the main thread. */
  async usage(id: string): Promise<DiskUsage> {
    const cached = this.#usages.get(id);
    if (cached !== undefined && cached.until > performance.now()) return cached.usage;
    return await this.#measuring.run(id, async () => {
      const usage = await this.#chores.measure(`${this.#home}/${id}/upper`);
      if (this.#ids.has(id)) this.#usages.set(id, { usage, until: performance.now() + USAGE_AGE_MS });
      return usage;
    });
  }

  /** Ends background work; what it was removing is swept by the next `open`. Mounts stay. */
  async close(): Promise<void> {
    await this.#chores.stop();
  }

  async #mount(overlay: Omit<OverlayMount, 'scratch'>, owner: RootfsOwner | undefined): Promise<void> {
    const scratch = this.#mounts;
    if (owner === undefined) await mountOverlay({ ...overlay, scratch });
    else await withMappedLayers(overlay.lower, owner, scratch, (lower) => mountOverlay({ ...overlay, lower, scratch }));
  }

  // Overlay takes the topmost layer first.
  #lower(chainIds: readonly string[], atLeast: number): string[] {
    const lower = chainIds.map((chainId) => this.#layers.directory(chainId)).reverse();
    return [...lower, ...this.#empty.slice(0, Math.max(atLeast - lower.length, 0))];
  }

  #discard(path: string): void {
    this.#chores.remove(path).catch((err: unknown) => {
      this.#log.warn({ path, err: errorMessage(err) }, 'leftover of a root file system could not be removed');
    });
  }
}

function ignoreMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error;
}

// Overlay mounts have a device number of their own.
async function isMounted(path: string): Promise<boolean> {
  try {
    const [here, above] = await Promise.all([stat(path), stat(`${path}/..`)]);
    return here.dev !== above.dev;
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}

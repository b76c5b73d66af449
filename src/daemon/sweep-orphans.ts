// Removes what no record knows: directories, mounts and namespaces that a killed daemon left behind.
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PodNamespaces } from '../host/namespaces.ts';
import type { Logger } from '../observe/logger.ts';
import { unmountBundleRootfs } from '../runtime/bundle-rootfs.ts';
import { removePodFiles } from '../sandbox/pod-files.ts';
import type { Layout } from '../state/layout.ts';

export interface SweepDeps {
  readonly layout: Layout;
  readonly namespaces: PodNamespaces;
  readonly rootfs: { list(): readonly string[]; release(id: string): Promise<void> };
  readonly imageVolumes: { list(): Promise<readonly string[]>; release(id: string): Promise<void> };
  /** Ends what a runtime may still know of an id that has no record. */
  readonly deleteRuntimeState: (id: string, bundle: string) => Promise<void>;
  readonly network: {
    cachedSandboxes(): Promise<readonly string[]>;
    detach(id: string, netns: undefined): Promise<void>;
  };
  readonly log: Logger;
}

function listIds(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/**
 * Sweeps everything whose id is not in `known`.
 * @returns how many things were removed
 */
export async function sweepOrphans(deps: SweepDeps, known: ReadonlySet<string>): Promise<number> {
  const { layout, log } = deps;
  const steps: { readonly what: string; readonly id: string; readonly remove: () => unknown }[] = [
    ...listIds(layout.bundlesRoot()).map((id) => ({
      what: 'bundle',
      id,
      remove: async () => {
        await deps.deleteRuntimeState(id, layout.bundle(id));
        unmountBundleRootfs(layout.bundle(id));
        await rm(layout.bundle(id), { recursive: true, force: true });
      },
    })),
    ...(await deps.imageVolumes.list()).map((id) => ({
      what: 'image volumes',
      id,
      remove: () => deps.imageVolumes.release(id),
    })),
    ...deps.rootfs.list().map((id) => ({ what: 'root file system', id, remove: () => deps.rootfs.release(id) })),
    ...(await deps.network.cachedSandboxes()).map((id) => ({
      what: 'network attachment',
      id,
      remove: () => deps.network.detach(id, undefined),
    })),
    ...listIds(layout.namespacesRoot()).map((id) => ({
      what: 'namespaces',
      id,
      remove: () => deps.namespaces.unpin(layout.namespaces(id)),
    })),
    ...listIds(layout.sandboxFilesRoot()).map((id) => ({
      what: 'pod files',
      id,
      remove: () => removePodFiles(join(layout.sandboxFilesRoot(), id)),
    })),
  ];
  let removed = 0;
  for (const { what, id, remove } of steps) {
    if (known.has(id)) continue;
    try {
      await remove();
      removed += 1;
      log.warn({ orphan: what, id }, 'removed an orphan');
    } catch (error) {
      log.error({ orphan: what, id, err: error }, 'cannot remove an orphan');
    }
  }
  return removed;
}

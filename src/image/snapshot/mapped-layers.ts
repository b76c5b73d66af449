// Layers whose owners are shifted into a user namespace: clones of their directories' mounts, for as long as an overlay
// is being made of them.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { mountMapped } from '../../host/kernel.ts';
import { removeMount } from '../../host/mounts.ts';

const PREFIX = 'mapped-';

/** The user namespace of a pod, and who is root in it. */
export interface RootfsOwner {
  /** Its pinned file. */
  readonly userns: string;
  /** Host ids. */
  readonly uid: number;
  readonly gid: number;
}

/**
 * Calls `use` with directories that show `layers` as the user namespace should see them. They vanish afterwards; an
 * overlay keeps clones of its own.
 * @param scratch existing directory for the mounts; swept by `sweepMappedLayers`
 * @throws KernelError when the file system of the layers cannot be mapped
 */
export async function withMappedLayers(
  layers: readonly string[],
  owner: Pick<RootfsOwner, 'userns'>,
  scratch: string,
  use: (layers: readonly string[]) => Promise<void>,
): Promise<void> {
  const base = `${scratch}/${PREFIX}${randomUUID()}`;
  const targets = layers.map((_, index) => `${base}/${index}`);
  const userns = openSync(owner.userns, 'r');
  try {
    for (const target of targets) await mkdir(target, { recursive: true, mode: 0o700 });
    layers.forEach((layer, index) => mountMapped(layer, targets[index] ?? '', userns));
    await use(targets);
  } finally {
    closeSync(userns);
    await remove(base);
  }
}

/** Removes what a killed daemon left. */
export async function sweepMappedLayers(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) if (name.startsWith(PREFIX)) await remove(`${scratch}/${name}`);
}

// Never deletes a file: what is still mounted is a layer.
async function remove(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    removeMount(`${base}/${name}`);
    await rmdir(`${base}/${name}`);
  }
  await rmdir(base);
}

// Root file systems that crisol makes itself, of a trial or of a sandbox's own process, in the bundle of a container.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { contextOptions, makeMount, removeMount } from '../host/mounts.ts';

/**
 * Makes an empty file system at `rootfs` of a bundle; `unmountBundleRootfs` removes it.
 *
 * One of its own, since hosts mount /run without devices and programs: gVisor's file server mounts it again in a user
 * namespace, where no such flag may be left out, and leaves it out.
 * @param label of SELinux for all of its files, when they have one
 * @returns its path
 */
export function mountBundleRootfs(bundle: string, label?: string): string {
  const path = join(bundle, 'rootfs');
  mkdirSync(path, { recursive: true, mode: 0o755 });
  removeMount(path);
  makeMount({
    type: 'tmpfs',
    source: 'crisol',
    target: path,
    options: ['mode=755', 'size=16m', ...contextOptions(label)],
  });
  return path;
}

/** May be repeated; a bundle without one is fine. */
export function unmountBundleRootfs(bundle: string): void {
  removeMount(join(bundle, 'rootfs'));
}

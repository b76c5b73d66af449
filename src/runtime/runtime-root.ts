// A runtime's state directory, and what some runtimes keep mounted in it for all their containers (gVisor: a network
// namespace without a network). Such a mount would keep the directory from being removed.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { listMounts, removeMount } from '../host/mounts.ts';

/** Removes what is mounted at files of a state directory; a directory that is gone is fine. */
export async function unmountInRoot(root: string): Promise<void> {
  for (const path of mountedIn(root)) {
    removeMount(path);
    await rm(path, { force: true });
  }
}

/** The same, unless the runtime still knows a container. */
export async function unmountIdleRoot(root: string): Promise<void> {
  const mounted = new Set(mountedIn(root));
  const names = await readdir(root).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  // gVisor makes a lock anew for whoever asks about a container that was deleted at that moment.
  const locks = names.filter((name) => name.endsWith('.lock'));
  if (!names.every((name) => locks.includes(name) || mounted.has(join(root, name)))) return;
  await unmountInRoot(root);
  await Promise.all(locks.map((name) => rm(join(root, name), { force: true })));
}

function mountedIn(root: string): string[] {
  return listMounts().flatMap(({ target }) => (target.startsWith(`${root}/`) ? [target] : []));
}

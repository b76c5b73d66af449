// What a pause process runs and sees: crisol's own program, or the image of cri.pause_image.
import { readInRoot } from '../container/rootfs-path.ts';
import { failedPrecondition } from '../errors.ts';
import type { ImageRecord } from '../image/service.ts';
import type { UserDatabase } from '../oci/user.ts';
import { podOwner } from '../state/pod-namespaces.ts';
import { mountBundleRootfs } from '../runtime/bundle-rootfs.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import type { SandboxDeps } from './deps.ts';
import { writePauseRootfs } from './pause-program.ts';

/** A pause container's root file system, ready, and what its image says of the process. */
export interface PauseRootfs {
  readonly path: string;
  readonly args: readonly string[];
  /** As the image has it; '' is root. */
  readonly user: string;
  readonly accounts: UserDatabase;
}

/** The configured pause image, pulled when it is not here; undefined when none is configured. */
export async function findPauseImage({ images, settings }: SandboxDeps): Promise<ImageRecord | undefined> {
  const reference = settings.pauseImage;
  if (reference === '') return undefined;
  // Silence of the registry ends the pull; a large image takes the time it takes.
  const { signal } = new AbortController();
  const image = images.find(reference) ?? (await images.pull({ reference, runtimeHandler: '', signal }));
  images.requireTrusted(image, reference);
  const { entrypoint, cmd } = image.config;
  if (entrypoint.length + cmd.length > 0) return image;
  throw failedPrecondition(`cri.pause_image "${reference}" names no program: it has neither entrypoint nor command`);
}

/** Makes the root file system of a pod's pause process; `rootfs.release` undoes it. */
export async function preparePauseRootfs(
  { layout, rootfs }: SandboxDeps,
  sandbox: SandboxRecord,
  image: ImageRecord | undefined,
): Promise<PauseRootfs> {
  const label = sandbox.selinux?.mount;
  if (image === undefined) {
    // A sandbox that keeps the changes to its files beside them cannot share the directory with another, and with
    // SELinux each pod has a label of its own.
    const shared = !sandbox.handler.features.sandboxProcess && label === undefined;
    const path = shared ? layout.pauseRootfs : mountBundleRootfs(layout.bundle(sandbox.id), label);
    writePauseRootfs(path);
    const accounts = { passwd: undefined, group: undefined };
    return { path, args: ['/pause'], user: '', accounts };
  }
  const { path } = await rootfs.prepare(sandbox.id, image.layers, podOwner(layout, sandbox), label);
  const { entrypoint, cmd, user } = image.config;
  const accounts = { passwd: readInRoot(path, '/etc/passwd'), group: readInRoot(path, '/etc/group') };
  return { path, args: [...entrypoint, ...cmd], user, accounts };
}

// The host's side of a container's mounts: sources are resolved, or made when they are missing.
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { DaemonError, errorMessage, failedPrecondition, withContext } from '../errors.ts';
import type { Mount } from '../gen/runtime/v1/Mount.ts';
import { listMounts } from '../host/mounts.ts';
import { checkMount, checkPropagation, type MountFeatures } from '../oci/check-mount.ts';
import type { ResolvedMount } from '../oci/mounts.ts';

/**
 * The mounts with their host paths resolved. A source that does not exist becomes a directory, as containerd and CRI-O
 * do (the CRI would have an error; pods rely on the directory).
 * @throws invalid-argument for a mount that contradicts itself or cannot be propagated as asked
 */
export function resolveHostMounts(mounts: readonly Mount[], features: MountFeatures): ResolvedMount[] {
  for (const mount of mounts) {
    checkMount(mount, features);
    if (mount.image === null || mount.image.image === '') continue;
    throw new DaemonError(
      'unimplemented',
      `ImageVolumeMountFailed: mount "${mount.containerPath}": image volumes are not supported by this version`,
    );
  }
  const propagated = mounts.some(({ propagation }) => propagation !== 'PROPAGATION_PRIVATE');
  const entries = propagated ? listMounts() : [];
  return mounts.map((mount) => {
    const source = resolveSource(mount.hostPath);
    checkPropagation(mount, source, entries);
    return { mount, source };
  });
}

function resolveSource(path: string): string {
  try {
    if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o755 });
    return realpathSync(path);
  } catch (error) {
    throw withContext(`cannot mount "${path}"`, failedPrecondition(errorMessage(error)));
  }
}

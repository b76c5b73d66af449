// The host's side of a container's mounts: sources are resolved, or made when they are missing; images are mounted.
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { errorMessage, failedPrecondition, withContext } from '../errors.ts';
import { listMounts } from '../host/mounts.ts';
import type { RootfsOwner } from '../image/snapshot/mapped-layers.ts';
import { checkMount, checkPropagation, type MountFeatures } from '../oci/check-mount.ts';
import type { ResolvedMount } from '../oci/mounts.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { ContainerDeps } from './deps.ts';
import { imageOf, mountImage } from './image-mounts.ts';

/**
 * The mounts of a container with their sources on the host. A host path that does not exist becomes a directory, as
 * containerd and CRI-O do (the CRI would have an error; pods rely on the directory).
 * @throws invalid-argument for a mount that contradicts itself or cannot be propagated as asked
 */
export async function resolveMounts(
  deps: Pick<ContainerDeps, 'imageVolumes'>,
  record: ContainerRecord,
  features: MountFeatures,
  owner?: RootfsOwner,
): Promise<ResolvedMount[]> {
  const { mounts } = record.config;
  for (const mount of mounts) checkMount(mount, features);
  const propagated = mounts.some(({ propagation }) => propagation !== 'PROPAGATION_PRIVATE');
  const entries = propagated ? listMounts() : [];
  const resolved: ResolvedMount[] = [];
  for (const mount of mounts) {
    const isImage = imageOf(mount) !== undefined;
    const source = isImage ? await mountImage(deps, record, mount, owner) : resolveSource(mount.hostPath);
    if (!isImage) checkPropagation(mount, source, entries);
    // An image's owners are shifted where it is mounted; overlays cannot be mapped once more.
    resolved.push({ mount: isImage ? { ...mount, uidMappings: [], gidMappings: [] } : mount, source });
  }
  return resolved;
}

function resolveSource(path: string): string {
  try {
    if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o755 });
    return realpathSync(path);
  } catch (error) {
    throw withContext(`cannot mount "${path}"`, failedPrecondition(errorMessage(error)));
  }
}

// The host's side of a container's mounts: sources are resolved, or made when they are missing; images are mounted.
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { errorMessage, failedPrecondition, withContext } from '../errors.ts';
import { listMounts } from '../host/mounts.ts';
import type { RootfsOwner } from '../image/snapshot/mapped-layers.ts';
import { checkMount, checkPropagation, type MountFeatures } from '../oci/check-mount.ts';
import type { ResolvedMount } from '../oci/mounts.ts';
import type { ContainerLabels } from '../oci/selinux.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { ContainerDeps } from './deps.ts';
import { imageOf, mountImage } from './image-mounts.ts';

/** For whom mounts are made. */
interface MountUser {
  /** Of the pod's user namespace, when it has one. */
  readonly owner: RootfsOwner | undefined;
  /** The container's, when SELinux has any. */
  readonly labels: ContainerLabels | undefined;
}

/**
 * The mounts of a container with their sources on the host. A host path that does not exist becomes a directory, as
 * containerd and CRI-O do (the CRI would have an error; pods rely on the directory). Those that are to be relabelled
 * are, where there are labels.
 * @throws invalid-argument for a mount that contradicts itself or cannot be propagated as asked
 */
export async function resolveMounts(
  deps: Pick<ContainerDeps, 'imageVolumes' | 'volumes'>,
  record: ContainerRecord,
  features: MountFeatures,
  { owner, labels }: MountUser,
): Promise<ResolvedMount[]> {
  const { mounts } = record.config;
  for (const mount of mounts) checkMount(mount, features);
  const propagated = mounts.some(({ propagation }) => propagation !== 'PROPAGATION_PRIVATE');
  const entries = propagated ? listMounts() : [];
  const resolved: ResolvedMount[] = [];
  for (const mount of mounts) {
    const isImage = imageOf(mount) !== undefined;
    const source = isImage
      ? await mountImage(deps, record, mount, { owner, label: labels?.mount })
      : resolveSource(mount.hostPath);
    if (!isImage) checkPropagation(mount, source, entries);
    if (!isImage && mount.selinuxRelabel && labels?.relabels === true) {
      await deps.volumes.relabel(source, labels.mount).catch((error: unknown) => {
        throw withContext(`cannot relabel "${mount.hostPath}"`, error);
      });
    }
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

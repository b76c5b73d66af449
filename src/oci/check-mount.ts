// Refuses mounts of the CRI that contradict themselves, or that this host or handler cannot honour.
import { DaemonError, invalidArgument } from '../errors.ts';
import type { Mount } from '../gen/runtime/v1/Mount.ts';
import { mountOf } from '../host/mounts.ts';
import type { MountEntry } from '../host/mounts.ts';

/** What the handler's runtime can do with mounts. */
export interface MountFeatures {
  readonly recursiveReadOnlyMounts: boolean;
  readonly idMappedMounts: boolean;
}

// Options that only take rights away.
const SAFE_OPTIONS = ['noexec', 'nodev', 'nosuid'];

/**
 * Checks what can be known before anything is done. The caller then
 *
 * 1. makes a missing host path (`mkdir -p`, as the other runtimes do; the CRI asks for an error, but pods rely on it),
 * 2. resolves symlinks in it, giving `ResolvedMount.source`; for an image mount that is where the image is mounted,
 * 3. calls `checkPropagation` with that source.
 *
 * @throws invalid-argument; unimplemented with `RROUnsupported` in front, which the kubelet looks for: keep it there
 * @see CRI api.proto, Mount
 */
export function checkMount(mount: Mount, features: MountFeatures): void {
  const where = `mount "${mount.containerPath}"`;
  if (mount.containerPath === '') throw invalidArgument(`a mount of "${mount.hostPath}" has no container_path`);
  checkSource(mount, where);
  checkReadOnly(mount, where, features);
  const unsafe = mount.mountOptions.find((option) => !SAFE_OPTIONS.includes(option));
  if (unsafe !== undefined) {
    throw invalidArgument(`${where}: option "${unsafe}" is not one of ${SAFE_OPTIONS.join(', ')}`);
  }
  if (mount.uidMappings.length + mount.gidMappings.length > 0 && !features.idMappedMounts) {
    throw invalidArgument(`${where}: the runtime handler cannot map user ids of mounts`);
  }
}

function checkSource({ hostPath, image, imageSubPath, readonly }: Mount, where: string): void {
  const isImage = image !== null && image.image !== '';
  if (isImage && hostPath !== '') throw invalidArgument(`${where} has both an image and host_path "${hostPath}"`);
  if (isImage && !readonly) throw invalidArgument(`${where}: an image can only be mounted readonly`);
  if (!isImage && imageSubPath !== '') throw invalidArgument(`${where} has an image_sub_path but no image`);
  if (!isImage && hostPath === '') throw invalidArgument(`${where} has no host_path`);
  if (!isImage && !hostPath.startsWith('/')) throw invalidArgument(`${where}: host_path "${hostPath}" is not absolute`);
}

function checkReadOnly(mount: Mount, where: string, features: MountFeatures): void {
  if (!mount.recursiveReadOnly) return;
  if (!mount.readonly) throw invalidArgument(`${where}: recursive_read_only needs readonly`);
  if (mount.propagation !== 'PROPAGATION_PRIVATE') {
    throw invalidArgument(`${where}: recursive_read_only needs private propagation, not ${mount.propagation}`);
  }
  if (!features.recursiveReadOnlyMounts) {
    throw new DaemonError('unimplemented', `RROUnsupported: ${where}: the runtime handler lacks recursive read-only`);
  }
}

/**
 * Checks that mounts can travel as asked: into the container only from a shared or slave mount, out of it only into a
 * shared one.
 * @param source the host path with symlinks resolved
 * @param entries the host's mounts
 * @throws invalid-argument that names the mount to change
 */
export function checkPropagation(mount: Mount, source: string, entries: readonly MountEntry[]): void {
  if (mount.propagation === 'PROPAGATION_PRIVATE') return;
  const holder = mountOf(source, entries);
  const shared = holder?.propagation.some((tag) => tag.startsWith('shared:')) ?? false;
  const slave = holder?.propagation.some((tag) => tag.startsWith('master:')) ?? false;
  const bidirectional = mount.propagation === 'PROPAGATION_BIDIRECTIONAL';
  if (shared || (slave && !bidirectional)) return;
  throw invalidArgument(
    `mount "${mount.containerPath}": "${source}" is on mount "${holder?.target ?? '/'}", which is not ` +
      `${bidirectional ? 'shared' : 'shared or slave'}, so ${mount.propagation} is impossible`,
  );
}

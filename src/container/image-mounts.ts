// Mounts of images: which image each one means, and the directory of it that the container sees.
import { lstatSync } from 'node:fs';
import { DaemonError, errorCode, errorMessage, isErrno, type ErrorCode } from '../errors.ts';
import type { ContainerConfig } from '../gen/runtime/v1/ContainerConfig.ts';
import type { Mount } from '../gen/runtime/v1/Mount.ts';
import type { RootfsOwner } from '../image/snapshot/mapped-layers.ts';
import type { ContainerRecord, ImageVolume } from '../state/container-record.ts';
import type { ContainerDeps, ContainerImages } from './deps.ts';
import { resolveInRoot } from './rootfs-path.ts';

/** The image a mount names; undefined for a mount of the host. */
export function imageOf(mount: Mount): string | undefined {
  return mount.image === null || mount.image.image === '' ? undefined : mount.image.image;
}

/** The images that a container mounts, once each. @throws not-found when one has not been pulled */
export function findImageVolumes(
  images: Pick<ContainerImages, 'find' | 'requireTrusted'>,
  config: ContainerConfig,
): ImageVolume[] {
  const volumes = new Map<string, ImageVolume>();
  for (const mount of config.mounts) {
    const reference = imageOf(mount);
    if (reference === undefined || volumes.has(reference)) continue;
    const image = images.find(reference);
    if (image === undefined) {
      throw mountFailed('not-found', mount, `image "${reference}" is not on this node: pull it first`);
    }
    try {
      images.requireTrusted(image, reference);
    } catch (error) {
      throw mountFailed(errorCode(error), mount, errorMessage(error));
    }
    // The status tells what PullImage returned, which is the id. @see CRI PullImageResponse.image_ref
    const { id, layers } = image;
    volumes.set(reference, { reference, imageId: id, imageRef: id, layers: [...layers] });
  }
  return [...volumes.values()];
}

/** As what the files of an image are seen. */
interface ImageView {
  /** Of the pod's user namespace, when it has one. */
  readonly owner?: RootfsOwner | undefined;
  /** Of SELinux. */
  readonly label?: string | undefined;
}

/**
 * Mounts the image of a mount that passed `checkMount`, and returns the host path to bind into the container.
 * `deps.imageVolumes.release` undoes it.
 * @throws failed-precondition when the image has no such directory, or the kernel does not mount it
 */
export async function mountImage(
  deps: Pick<ContainerDeps, 'imageVolumes'>,
  record: Pick<ContainerRecord, 'id' | 'imageVolumes'>,
  mount: Mount,
  { owner, label }: ImageView = {},
): Promise<string> {
  const reference = imageOf(mount) ?? '';
  const volume = record.imageVolumes.find((each) => each.reference === reference);
  if (volume === undefined) throw mountFailed('not-found', mount, `image "${reference}" was not looked up`);
  let root: string;
  try {
    root = await deps.imageVolumes.mount(record.id, { id: volume.imageId, layers: volume.layers }, owner, label);
  } catch (error) {
    throw mountFailed('failed-precondition', mount, `cannot mount image "${reference}": ${errorMessage(error)}`);
  }
  const source = directoryIn(root, mount.imageSubPath);
  if (source !== undefined) return source;
  const why = `image "${reference}" has no directory "${mount.imageSubPath}"`;
  throw mountFailed('failed-precondition', mount, why);
}

// Nobody can write to the mount, so what is resolved stays as it is.
function directoryIn(root: string, subPath: string): string | undefined {
  try {
    const path = resolveInRoot(root, subPath);
    return lstatSync(path).isDirectory() ? path : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR') || errorCode(error) === 'failed-precondition') return;
    throw error;
  }
}

// The first word is one the kubelet looks for.
function mountFailed(code: ErrorCode, mount: Mount, why: string): DaemonError {
  return new DaemonError(code, `ImageVolumeMountFailed: mount "${mount.containerPath}": ${why}`);
}

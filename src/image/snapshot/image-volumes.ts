// Images as volumes of containers: read-only mounts of all their layers, one per container and image.
//
//   RUN/volumes/CONTAINER/IMAGE   the mount; IMAGE is the id without its algorithm
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { isErrno } from '../../errors.ts';
import { removeMount } from '../../host/mounts.ts';
import type { RootfsOwner } from './mapped-layers.ts';
import type { RootfsStore } from './rootfs-store.ts';

/** The part of an image's record that a mount needs. */
export interface VolumeImage {
  /** `sha256:...` */
  readonly id: string;
  /** Chain ids, bottom first. */
  readonly layers: readonly string[];
}

export interface ImageVolumesOptions {
  /** Volatile directory, for the mounts. */
  readonly run: string;
  readonly rootfs: Pick<RootfsStore, 'mountReadOnly'>;
}

export class ImageVolumes {
  readonly #root: string;
  readonly #rootfs: ImageVolumesOptions['rootfs'];

  constructor({ run, rootfs }: ImageVolumesOptions) {
    this.#root = `${run}/volumes`;
    this.#rootfs = rootfs;
  }

  /**
   * Mounts an image for a container, seen from its pod's user namespace and with its SELinux label if any, and returns
   * where; may be repeated. On failure the caller releases.
   */
  async mount(containerId: string, image: VolumeImage, owner?: RootfsOwner, label?: string): Promise<string> {
    const target = `${this.#root}/${containerId}/${image.id.replace(/^.*:/, '')}`;
    await mkdir(this.#root, { recursive: true, mode: 0o711 });
    return (await this.#rootfs.mountReadOnly(containerId, image.layers, target, owner, label)).path;
  }

  /** The containers of which a mount may be left, whoever made it. */
  async list(): Promise<readonly string[]> {
    return await names(this.#root);
  }

  /** Unmounts the images of a container, even busy ones. May be repeated. */
  async release(containerId: string): Promise<void> {
    const directory = `${this.#root}/${containerId}`;
    for (const name of await names(directory)) {
      removeMount(`${directory}/${name}`);
      await rmdir(`${directory}/${name}`);
    }
    await rmdir(directory).catch(ignoreMissing);
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    ignoreMissing(error);
    return [];
  }
}

function ignoreMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error;
}

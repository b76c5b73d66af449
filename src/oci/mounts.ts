// `mounts` of config.json: the system's own, the pod's files, and what the CRI lists.
import { posix } from 'node:path';
import type { IDMapping } from '../gen/runtime/v1/IDMapping.ts';
import type { Mount } from '../gen/runtime/v1/Mount.ts';
import type { MountPropagation } from '../gen/runtime/v1/MountPropagation.ts';
import type { IdMapping, SpecMount } from './types.ts';

/** A mount of the CRI that passed `checkMount`, with the host path to use. */
export interface ResolvedMount {
  readonly mount: Mount;
  /** The host path with symlinks resolved; for an image mount, where the image is mounted. */
  readonly source: string;
}

const PROPAGATION: Readonly<Record<MountPropagation, string>> = {
  PROPAGATION_PRIVATE: 'rprivate',
  PROPAGATION_HOST_TO_CONTAINER: 'rslave',
  PROPAGATION_BIDIRECTIONAL: 'rshared',
};

interface MountLists {
  /** /proc, /dev, /sys and what is inside them, in order. */
  readonly system: readonly SpecMount[];
  /** The pod's files and its shared memory. */
  readonly pod: readonly SpecMount[];
  readonly requested: readonly ResolvedMount[];
}

/**
 * All mounts in the order to make them: parents first. A listed mount replaces a default one at its place, and a listed
 * /dev, /sys or /proc also the defaults below it.
 */
export function specMounts({ system, pod, requested }: MountLists): SpecMount[] {
  const listed = requested.map(toSpecMount);
  const taken = new Set(listed.map(({ destination }) => destination));
  const covered = (path: string): boolean => path !== '/' && (taken.has(path) || covered(posix.dirname(path)));
  const rest = [...pod.filter(({ destination }) => !taken.has(destination)), ...listed];
  return [...system.filter(({ destination }) => !covered(destination)), ...rest.sort(byDepth)];
}

// Array sort is stable, so mounts of one depth keep the pod's order.
function byDepth(a: SpecMount, b: SpecMount): number {
  return depth(a.destination) - depth(b.destination);
}

function depth(path: string): number {
  return path.split('/').filter(Boolean).length;
}

function toSpecMount({ mount, source }: ResolvedMount): SpecMount {
  const idMapped = mount.uidMappings.length > 0 || mount.gidMappings.length > 0;
  // What an image holds was written by whoever built it.
  const distrust = mount.image === null || mount.image.image === '' ? [] : ['nosuid', 'nodev'];
  const access = mount.recursiveReadOnly ? 'rro' : mount.readonly ? 'ro' : 'rw';
  return {
    destination: stripSlash(posix.join('/', mount.containerPath)),
    type: 'bind',
    source,
    options: ['rbind', PROPAGATION[mount.propagation], access, ...new Set([...distrust, ...mount.mountOptions])],
    ...(idMapped && {
      uidMappings: mount.uidMappings.map(toIdMapping),
      gidMappings: mount.gidMappings.map(toIdMapping),
    }),
  };
}

function stripSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

/** The CRI's id mapping in the words of the runtime spec. */
export function toIdMapping({ hostId, containerId, length }: IDMapping): IdMapping {
  return { hostID: hostId, containerID: containerId, size: length };
}

/** `linux.rootfsPropagation`: the widest any mount needs; undefined leaves the runtime's default. */
export function rootfsPropagation(requested: readonly ResolvedMount[]): string | undefined {
  const wanted = new Set(requested.map(({ mount }) => mount.propagation));
  if (wanted.has('PROPAGATION_BIDIRECTIONAL')) return 'rshared';
  return wanted.has('PROPAGATION_HOST_TO_CONTAINER') ? 'rslave' : undefined;
}

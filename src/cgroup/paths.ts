// From the CRI's cgroup parent to paths, for both ways of managing cgroups.
import { posix } from 'node:path';
import { invalidArgument } from '../errors.ts';

/** `cgroupfs`: directories made by the runtimes. `systemd`: slices and scopes made by systemd for them. */
export type CgroupDriver = 'systemd' | 'cgroupfs';

export interface ContainerCgroup {
  /** `linux.cgroupsPath` of config.json. */
  readonly ociPath: string;
  /** The cgroup's path below the root of a hierarchy. */
  readonly path: string;
}

// The first part of scope names; tools take the id after the last dash.
const SCOPE_PREFIX = 'crisol';

/**
 * Checks a cgroup parent as the kubelet gives it: `/kubepods/burstable/podX`, or with systemd
 * `kubepods-burstable-podX.slice`, alone or at the end of its full path.
 * @throws invalid-argument when the style is the other driver's, which means that the kubelet and crisol disagree
 */
export function checkParent(driver: CgroupDriver, parent: string): void {
  if (parent.includes('\0') || parent.split('/').includes('..')) {
    throw invalidArgument(`cgroup parent "${parent}" leaves its place`);
  }
  const name = posix.basename(parent);
  if (driver === 'cgroupfs') {
    if (name.endsWith('.slice')) {
      throw invalidArgument(`cgroup parent "${parent}" is a systemd slice, but the cgroup driver is cgroupfs`);
    }
    if (posix.join('/', parent) === '/') throw invalidArgument(`cgroup parent "${parent}" is the root`);
  } else if (!/^[\w.:\\]+(-[\w.:\\]+)*\.slice$/.test(name)) {
    throw invalidArgument(`cgroup parent "${parent}" is no systemd slice, but the cgroup driver is systemd`);
  }
}

/** The parent the CRI asks for, or one of the pod's own when it asks for none, so that each pod can be measured. */
export function podParent(driver: CgroupDriver, requested: string, sandboxId: string): string {
  if (requested !== '') return requested;
  return driver === 'systemd' ? `crisol-pod${sandboxId}.slice` : `/crisol/pod${sandboxId}`;
}

/** A pod's cgroup below the root of a hierarchy. */
export function podPath(driver: CgroupDriver, parent: string): string {
  return driver === 'systemd' ? expandSlice(posix.basename(parent)) : normalize(parent);
}

/** A container's cgroup in its pod's. */
export function containerPath(driver: CgroupDriver, parent: string, id: string): ContainerCgroup {
  if (driver === 'systemd') {
    const slice = posix.basename(parent);
    const path = posix.join(expandSlice(slice), `${SCOPE_PREFIX}-${id}.scope`);
    return { ociPath: `${slice}:${SCOPE_PREFIX}:${id}`, path };
  }
  // A relative path would end up below the runtime's own cgroup.
  const path = posix.join(normalize(parent), id);
  return { ociPath: path, path };
}

function normalize(parent: string): string {
  return posix.join('/', parent).replace(/(.)\/$/, '$1');
}

// Each dash in a slice's name is one level: a-b.slice is in a.slice. @see systemd.slice(5)
function expandSlice(slice: string): string {
  const parts = slice.replace(/\.slice$/, '').split('-');
  return `/${parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`).join('/')}`;
}

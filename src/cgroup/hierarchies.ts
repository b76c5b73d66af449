// Where the host's cgroup hierarchies are mounted, and which generation they are.
import { posix } from 'node:path';
import { failedPrecondition } from '../errors.ts';
import type { MountEntry } from '../host/mounts.ts';

/** `hybrid`: the controllers are on v1 hierarchies, and a v2 one without them is there too. */
export type CgroupVersion = 'v1' | 'v2' | 'hybrid';

export interface Hierarchies {
  readonly version: CgroupVersion;
  /** Mount point of each v1 controller, `name=systemd` included. Controllers may share one. */
  readonly controllers: ReadonlyMap<string, string>;
  /** Mount point of the v2 hierarchy. */
  readonly unified: string | undefined;
}

// Options of a v1 mount that are no controllers.
const FLAGS = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'none', 'cpuset_v2_mode']);

/**
 * Of several mounts of one hierarchy the first counts: containers and chroots mount them again.
 * @throws failed-precondition when no cgroup file system is mounted
 */
export function findHierarchies(mounts: readonly MountEntry[]): Hierarchies {
  const unified = mounts.find(({ type }) => type === 'cgroup2')?.target;
  const controllers = new Map<string, string>();
  for (const { target, superOptions } of mounts.filter(({ type }) => type === 'cgroup')) {
    for (const option of superOptions) {
      if (isController(option) && !controllers.has(option)) controllers.set(option, target);
    }
  }
  if (controllers.size > 0) return { version: unified === undefined ? 'v1' : 'hybrid', controllers, unified };
  if (unified !== undefined) return { version: 'v2', controllers, unified };
  throw failedPrecondition('no cgroup file system is mounted: mount cgroup2 at "/sys/fs/cgroup"');
}

function isController(option: string): boolean {
  return !FLAGS.has(option) && !option.startsWith('release_agent=');
}

/** The directory of a cgroup in a v1 controller's hierarchy; undefined when the host lacks the controller. */
export function controllerPath(hierarchies: Hierarchies, controller: string, path: string): string | undefined {
  const mountPoint = hierarchies.controllers.get(controller);
  return mountPoint === undefined ? undefined : posix.join(mountPoint, path);
}

/** The directory of a cgroup in the v2 hierarchy. */
export function unifiedPath({ unified }: Hierarchies, path: string): string | undefined {
  return unified === undefined ? undefined : posix.join(unified, path);
}

/** The directory of a cgroup in every hierarchy, each once. */
export function allPaths({ controllers, unified }: Hierarchies, path: string): string[] {
  const mountPoints = new Set([...controllers.values(), ...(unified === undefined ? [] : [unified])]);
  return [...mountPoints].map((mountPoint) => posix.join(mountPoint, path));
}

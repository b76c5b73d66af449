// Plain mounts in place of masked and read-only paths and recursive read-only mounts, for runtimes that pass over those.
import { lstatSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isErrno } from '../errors.ts';
import type { Spec, SpecMount } from '../oci/types.ts';
import { resolveInRoot } from './rootfs-path.ts';

/** What such a runtime serves itself, and decides itself about. */
const OWN_FILE_SYSTEMS = ['/proc', '/sys', '/dev'];

/** A path of the container, and what is there on the host. */
interface Place {
  readonly destination: string;
  readonly source: string;
  readonly isDirectory: boolean;
}

/**
 * Adds mounts that hide the masked paths and keep the read-only ones from being written. Paths that do not exist need
 * neither, as with runc. All that is below a read-only mount is read-only to such a runtime: what is mounted below it on
 * the host gets a mount of its own, unless that is to be read-only too.
 * @param bundle the container's own directory, for the file that is shown in place of a masked one
 * @param hostMounts where file systems are mounted on the host
 */
export function coverPaths(spec: Spec, bundle: string, hostMounts: readonly string[]): Spec {
  const { maskedPaths = [], readonlyPaths = [] } = spec.linux;
  const masked = findPlaces(spec, maskedPaths);
  const readonly = findPlaces(spec, readonlyPaths);
  const mounts = [
    ...readonly.map(({ destination, source }) => bind(destination, source)),
    ...masked.map((place) => (place.isDirectory ? emptyDirectory(place.destination) : hide(place.destination, bundle))),
  ];
  const plain = spec.mounts.flatMap((mount) => [plainReadOnly(mount), ...writableBelow(mount, hostMounts)]);
  return { ...spec, mounts: [...plain, ...mounts] };
}

function plainReadOnly(mount: SpecMount): SpecMount {
  if (mount.options?.includes('rro') !== true) return mount;
  return { ...mount, options: mount.options.map((option) => (option === 'rro' ? 'ro' : option)) };
}

function writableBelow({ type, source = '', destination, options = [] }: SpecMount, hostMounts: readonly string[]) {
  if (type !== 'bind' || !options.includes('ro')) return [];
  const writable = options.map((option) => (option === 'ro' ? 'rw' : option));
  return hostMounts
    .filter((path) => path !== source && isBelow(path, source))
    .map((path): SpecMount => {
      return { destination: posix.join(destination, path.slice(source.length)), type, source: path, options: writable };
    });
}

function findPlaces(spec: Spec, paths: readonly string[]): Place[] {
  return paths
    .map((path) => posix.join('/', path))
    .filter((path) => !OWN_FILE_SYSTEMS.some((own) => isBelow(path, own)))
    .flatMap((path) => findPlace(spec, path) ?? []);
}

function findPlace(spec: Spec, path: string): Place | undefined {
  const covering = spec.mounts.filter(({ destination }) => isBelow(path, destination)).at(-1);
  // Of a file system that is made for the container nothing is there yet.
  if (covering !== undefined && covering.type !== 'bind') return undefined;
  const base = covering?.destination ?? '/';
  const root = covering?.source ?? spec.root.path;
  const inside = path === base ? '' : path.slice(base === '/' ? 0 : base.length);
  const source = inside === '' ? root : resolveInRoot(root, inside);
  try {
    const destination = posix.join(base, source.slice(root.length));
    return { destination, source, isDirectory: lstatSync(source).isDirectory() };
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function bind(destination: string, source: string): SpecMount {
  return { destination, type: 'bind', source, options: ['rbind', 'rprivate', 'ro'] };
}

function emptyDirectory(destination: string): SpecMount {
  return { destination, type: 'tmpfs', source: 'tmpfs', options: ['ro', 'nosuid', 'nodev', 'noexec'] };
}

// Not /dev/null as with runc: these runtimes take no device files of the host's.
function hide(destination: string, bundle: string): SpecMount {
  const path = join(bundle, 'masked');
  writeFileSync(path, '', { mode: 0 });
  return bind(destination, path);
}

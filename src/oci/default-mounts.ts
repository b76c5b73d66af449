// The mounts every container gets unless the pod lists its own.
import type { IdMapping, SpecMount } from './types.ts';

/** Host paths of a pod's files; an undefined one is not mounted. */
export interface SandboxFiles {
  readonly resolvConf: string | undefined;
  readonly hosts: string | undefined;
  readonly hostname: string | undefined;
  /** The pod's shared memory; the host's /dev/shm for a pod in the host's ipc namespace. */
  readonly shm: string | undefined;
}

interface SystemMountInput {
  readonly privileged: boolean;
  /** Of the pod's user namespace; undefined without one. */
  readonly gidMappings: readonly IdMapping[] | undefined;
  readonly hostNetwork: boolean;
  readonly hostIpc: boolean;
}

const TTY_GROUP = 5;

/** /proc, /dev and /sys; a privileged container may write to /sys and its cgroups. */
export function systemMounts({ privileged, gidMappings, hostNetwork, hostIpc }: SystemMountInput): SpecMount[] {
  const access = privileged ? 'rw' : 'ro';
  const strict = ['nosuid', 'noexec', 'nodev'];
  const ttyGroup = isMapped(TTY_GROUP, gidMappings) ? [`gid=${TTY_GROUP}`] : [];
  // The kernel lets only the owner of the network namespace mount a new sysfs.
  const sysfs =
    gidMappings !== undefined && hostNetwork ? { type: 'bind', source: '/sys' } : { type: 'sysfs', source: 'sysfs' };
  // Likewise for message queues, which programs can use without.
  const mqueue = { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: strict };
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: strict },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...ttyGroup],
    },
    ...(gidMappings !== undefined && hostIpc ? [] : [mqueue]),
    { destination: '/sys', ...sysfs, options: [...(sysfs.type === 'bind' ? ['rbind'] : []), ...strict, access] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...strict, 'relatime', access] },
  ];
}

function isMapped(id: number, mappings: readonly IdMapping[] | undefined): boolean {
  if (mappings === undefined) return true;
  return mappings.some(({ containerID, size }) => id >= containerID && id < containerID + size);
}

/** The pod's files. They follow the rootfs: a container that may not write there may not write to them. */
export function podMounts(files: SandboxFiles, readonlyRootfs: boolean): SpecMount[] {
  const access = readonlyRootfs ? 'ro' : 'rw';
  const options = ['rbind', 'rprivate', 'nosuid', 'nodev', 'noexec'];
  const entries: readonly (readonly [destination: string, source: string | undefined, access: string])[] = [
    ['/dev/shm', files.shm, 'rw'],
    ['/etc/resolv.conf', files.resolvConf, access],
    ['/etc/hosts', files.hosts, access],
    ['/etc/hostname', files.hostname, access],
  ];
  return entries.flatMap(([destination, source, mode]) =>
    source === undefined ? [] : [{ destination, type: 'bind', source, options: [...options, mode] }],
  );
}

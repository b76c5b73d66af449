// [cri]: the socket the kubelet talks to, and the defaults of pods and containers.
import { field, optional, type Values } from './field.ts';
import { duration, size } from './units.ts';
import { flag, handlerName, integer, listOf, oneOf, path, text, ulimit } from './value-types.ts';

export const CRI_FIELDS = {
  socket: field('socket', (places) => places.socket, path, 'Unix socket of the CRI, mode 0660'),
  socketGroup: optional('socket_group', 'kube', text, 'Group that may use the socket; root alone when not set'),
  defaultRuntime: field('default_runtime', 'runc', handlerName, 'Handler of pods that name no RuntimeClass'),
  cgroupDriver: field(
    'cgroup_driver',
    'auto',
    oneOf('auto', 'systemd', 'cgroupfs'),
    'Who makes cgroups: "systemd", "cgroupfs", or "auto" (systemd where it runs); the kubelet asks for it',
  ),
  pauseImage: field(
    'pause_image',
    '',
    text,
    'Image of the pause process, where one is needed; "" uses the built-in one',
  ),
  defaultCgroupParent: field(
    'default_cgroup_parent',
    '',
    text,
    'Cgroup parent of pods that name none: "/path" with cgroupfs, "name.slice" with systemd; "" is one by crisol',
  ),
  shmSizeBytes: field('shm_size', '64MiB', size, "Size of a pod's /dev/shm"),
  maxContainerLogSizeBytes: optional(
    'max_container_log_size',
    '1GiB',
    size,
    'Cut a container log at this size; not set, the kubelet rotates logs and nothing is cut',
  ),
  createTimeoutMs: field('create_timeout', '2m', duration, 'Longest time to create or start one container'),
  pidsLimit: field('pids_limit', 0, integer(0, 4_194_304), 'Most processes in a container; 0: no limit'),
  selinux: optional(
    'selinux',
    true,
    flag,
    'Give pods and containers labels of SELinux; not set, they get them where the host has it enabled',
  ),
  defaultUlimits: field(
    'default_ulimits',
    [],
    listOf(ulimit),
    'Resource limits of every container, as "nofile=1024:4096"; not set ones are inherited from the daemon',
  ),
};

export type CriConfig = Values<typeof CRI_FIELDS>;

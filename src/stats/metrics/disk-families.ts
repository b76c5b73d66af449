// Metric families of block devices and of the file system under a container's writable layer.
import type { DeviceIo } from '../../cgroup/metrics.ts';
import { sample, type FileSystem, type MetricFamily, type Reading, type Sample } from './family.ts';

function perDevice(name: string, help: string, pick: (io: DeviceIo) => number | undefined): MetricFamily {
  const samples = ({ cgroup, deviceName }: Reading) =>
    (cgroup?.devices ?? []).flatMap((io) => sample(pick(io), deviceName(io.major, io.minor)));
  return { name, help, type: 'counter', labels: ['device'], samples };
}

function blockDeviceBytes({ cgroup, deviceName }: Reading): readonly Sample[] {
  return (cgroup?.devices ?? []).flatMap(({ major, minor, bytes }) =>
    Object.entries(bytes).flatMap(([operation, value]) =>
      sample(value, deviceName(major, minor), String(major), String(minor), operation),
    ),
  );
}

function ofFileSystem(name: string, help: string, pick: (fileSystem: FileSystem) => number): MetricFamily {
  const samples = ({ fileSystem }: Reading) =>
    fileSystem === undefined ? [] : sample(pick(fileSystem), fileSystem.device);
  return { name, help, type: 'gauge', labels: ['device'], samples };
}

export const DISK_FAMILIES: readonly MetricFamily[] = [
  perDevice('container_fs_reads_bytes_total', 'Bytes read', ({ bytes }) => bytes['Read']),
  perDevice('container_fs_reads_total', 'Reads completed', ({ requests }) => requests['Read']),
  perDevice('container_fs_writes_bytes_total', 'Bytes written', ({ bytes }) => bytes['Write']),
  perDevice('container_fs_writes_total', 'Writes completed', ({ requests }) => requests['Write']),
  {
    name: 'container_blkio_device_usage_total',
    help: 'Bytes moved by each kind of operation',
    type: 'counter',
    labels: ['device', 'major', 'minor', 'operation'],
    samples: blockDeviceBytes,
  },
  {
    name: 'container_fs_usage_bytes',
    help: 'What the container wrote into its root file system, in bytes',
    type: 'gauge',
    labels: ['device'],
    samples: ({ fileSystem, layer }) => (fileSystem === undefined ? [] : sample(layer?.bytes, fileSystem.device)),
  },
  ofFileSystem('container_fs_limit_bytes', 'Size of the file system in bytes', ({ bytes }) => bytes),
  ofFileSystem('container_fs_inodes_total', 'Inodes of the file system', ({ inodes }) => inodes),
  ofFileSystem('container_fs_inodes_free', 'Free inodes of the file system', ({ freeInodes }) => freeInodes),
];

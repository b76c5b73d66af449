// Devices of the host that a container is given: looked up once, directories expanded.
import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, invalidArgument } from '../errors.ts';
import type { Device } from '../gen/runtime/v1/Device.ts';
import { grantDevice, type DeviceGrant, type HostDevice } from '../oci/devices.ts';

/** Not a container's business even when privileged: it has terminals and shared memory of its own. */
const SKIPPED = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console']);
const MAX_DEPTH = 8;

/** A node of the host as `stat` saw it. */
export function toHostDevice(path: string, stat: Stats): HostDevice {
  const dev = BigInt(stat.rdev);
  return {
    path,
    type: stat.isBlockDevice() ? 'b' : 'c',
    major: Number(((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)),
    minor: Number((dev & 0xffn) | ((dev >> 12n) & ~0xffn)),
    mode: stat.mode & 0o777,
    uid: stat.uid,
    gid: stat.gid,
  };
}

function walk(directory: string, depth: number): HostDevice[] {
  if (depth > MAX_DEPTH) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return walk(path, depth + 1);
    return entry.isCharacterDevice() || entry.isBlockDevice() ? [toHostDevice(path, statSync(path))] : [];
  });
}

/** Every device below /dev, for privileged containers. */
export function listHostDevices(): HostDevice[] {
  return walk('/dev', 0);
}

/** Looks up the devices a container asks for. @throws invalid-argument naming the one that is missing or is no device */
export function findDevices(devices: readonly Device[]): DeviceGrant[] {
  return devices.flatMap((device) => {
    let source: string;
    let stat: Stats;
    try {
      source = realpathSync(device.hostPath);
      stat = statSync(source);
    } catch (error) {
      throw invalidArgument(`device "${device.hostPath}" cannot be used: ${errorMessage(error)}`);
    }
    if (stat.isDirectory()) return grantDevice(device, source, walk(source, 0));
    const isDevice = stat.isCharacterDevice() || stat.isBlockDevice();
    return grantDevice(device, source, isDevice ? [toHostDevice(source, stat)] : []);
  });
}

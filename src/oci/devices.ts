// Device nodes of a container and the device cgroup rules that go with them.
import { posix } from 'node:path';
import { invalidArgument } from '../errors.ts';
import type { Device } from '../gen/runtime/v1/Device.ts';
import type { Resources, SpecDevice } from './types.ts';

/** A device node of the host, as stat saw it. */
export interface HostDevice {
  readonly path: string;
  readonly type: 'c' | 'b' | 'p';
  readonly major: number;
  readonly minor: number;
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A device a container gets, and how it may use it. */
export interface DeviceGrant {
  readonly device: HostDevice;
  /** Some of `r`, `w`, `m`. */
  readonly access: string;
}

type DeviceRule = NonNullable<Resources['devices']>[number];

/**
 * Turns one device of the CRI into grants. The caller has resolved symlinks of the host path and read what is there.
 *
 * @param source the host path after that
 * @param nodes the device at `source`, or every device below it when it is a directory
 * @throws invalid-argument for unknown permissions, and when there is no device
 */
export function grantDevice(device: Device, source: string, nodes: readonly HostDevice[]): DeviceGrant[] {
  const access = device.permissions === '' ? 'rwm' : device.permissions;
  if (!/^[rwm]+$/.test(access)) {
    throw invalidArgument(`device "${device.hostPath}": permissions "${access}" may only hold r, w and m`);
  }
  if (nodes.length === 0) throw invalidArgument(`device "${device.hostPath}" is no device and holds none`);
  const target = device.containerPath === '' ? device.hostPath : device.containerPath;
  return nodes.map((node) => ({
    device: { ...node, path: posix.join('/', target, posix.relative(source, node.path)) },
    access,
  }));
}

// Device numbers programs expect to work, allowed whether or not the node exists. @see devices.txt of the kernel
const USUAL: readonly (readonly [major: number, minor: number | undefined])[] = [
  ...([3, 5, 7, 8, 9] as const).map((minor) => [1, minor] as const), // null, zero, full, random, urandom
  ...([0, 1, 2] as const).map((minor) => [5, minor] as const), // tty, console, ptmx
  [136, undefined], // pts/*
];

const DEFAULT_RULES: readonly DeviceRule[] = [
  { allow: false, access: 'rwm' },
  // Making nodes is harmless while opening them is denied, and package managers do it.
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...USUAL.map(([major, minor]) => ({
    allow: true,
    type: 'c',
    major,
    ...(minor !== undefined && { minor }),
    access: 'rwm',
  })),
];

interface DeviceInput {
  readonly grants: readonly DeviceGrant[];
  /** Privileged, and the handler gives such containers the host's devices. */
  readonly allHostDevices: boolean;
  readonly hostDevices: readonly HostDevice[];
}

/** `linux.devices`; of two devices at one path the pod's own wins. The runtimes add /dev/null and its kind. */
export function deviceNodes({ grants, allHostDevices, hostDevices }: DeviceInput): SpecDevice[] {
  const byPath = new Map<string, HostDevice>();
  for (const device of allHostDevices ? hostDevices : []) byPath.set(device.path, device);
  for (const { device } of grants) byPath.set(device.path, device);
  return [...byPath.values()].map(({ path, type, major, minor, mode, uid, gid }) => ({
    type,
    path,
    ...(type !== 'p' && { major, minor }),
    fileMode: mode & 0o777,
    uid,
    gid,
  }));
}

/** `linux.resources.devices`. */
export function deviceRules({ grants, allHostDevices }: DeviceInput): DeviceRule[] {
  if (allHostDevices) return [{ allow: true, access: 'rwm' }];
  const own = grants.map(({ device: { type, major, minor }, access }) => ({ allow: true, type, major, minor, access }));
  return [...DEFAULT_RULES, ...own.filter(({ type }) => type !== 'p')];
}

// The capability sets of a container, out of the pod's additions and drops and what the daemon itself may give.
import { invalidArgument } from '../errors.ts';
import type { Capability } from '../gen/runtime/v1/Capability.ts';
import type { Capabilities } from './types.ts';

// The bit of each capability is its place in this list. @see linux/capability.h
const NAMES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...['LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER'],
  ...['SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE'],
  ...['SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP'],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`);

// What a container has when the pod says nothing: containerd's set, so that images behave alike.
const DEFAULTS = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
].map((name) => `CAP_${name}`);

/** The names of a mask's bits, lowest first; bits without a known name are left out. */
export function capabilityNames(mask: bigint): string[] {
  return NAMES.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
}

interface CapabilityInput {
  /** null: the default set. */
  readonly request: Capability | null;
  readonly privileged: boolean;
  /** The daemon's bounding set: nothing outside it can be given, and asking for it is no error. */
  readonly bounding: bigint;
}

/**
 * ALL is applied first, then single additions, then single drops, so that "all but one" can be said. Inheritable stays
 * empty (CVE-2022-24769: inheritable sets let set-uid-less binaries regain them) but for ambient ones, which need it.
 * @throws invalid-argument for a name that is no capability
 */
export function processCapabilities({ request, privileged, bounding }: CapabilityInput): Capabilities {
  const all = capabilityNames(bounding);
  if (privileged) return toSets(all, []);
  const drop = (request?.dropCapabilities ?? []).map(normalize);
  const add = expand(request?.addCapabilities ?? [], drop.includes('ALL') ? [] : all);
  const ambient = expand(request?.addAmbientCapabilities ?? [], all);
  const given = new Set([...(drop.includes('ALL') ? [] : DEFAULTS), ...add, ...ambient]);
  const held = all.filter((name) => given.has(name) && !drop.includes(name));
  return toSets(
    held,
    held.filter((name) => ambient.includes(name)),
  );
}

function expand(names: readonly string[], all: readonly string[]): string[] {
  return names.map(normalize).flatMap((name) => (name === 'ALL' ? all : [name]));
}

function toSets(held: string[], ambient: string[]): Capabilities {
  return { bounding: held, effective: held, inheritable: ambient, permitted: held, ambient };
}

function normalize(text: string): string {
  const upper = text.toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!NAMES.includes(name)) throw invalidArgument(`unknown capability "${text}"`);
  return name;
}

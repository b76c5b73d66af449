// Configs in the JSON form of crictl's files, so that what `crictl inspect` prints can be read and used again: the
// protocol's field names, numbers for enums and int64, and nothing that is not set.
// @see cri-api, the JSON tags of its Go types
import { MountPropagation } from '../../gen/runtime/v1/MountPropagation.ts';
import { NamespaceMode } from '../../gen/runtime/v1/NamespaceMode.ts';
import { Protocol } from '../../gen/runtime/v1/Protocol.ts';
import { Signal } from '../../gen/runtime/v1/Signal.ts';
import { SupplementalGroupsPolicy } from '../../gen/runtime/v1/SupplementalGroupsPolicy.ts';
import { _runtime_v1_SecurityProfile_ProfileType as ProfileType } from '../../gen/runtime/v1/SecurityProfile.ts';

/** Fields whose values are names of an enum; the names are in the order of their numbers. */
export const ENUM_FIELDS: Readonly<Record<string, object>> = {
  ...{ network: NamespaceMode, pid: NamespaceMode, ipc: NamespaceMode, mode: NamespaceMode },
  ...{ protocol: Protocol, propagation: MountPropagation, stopSignal: Signal, profileType: ProfileType },
  supplementalGroupsPolicy: SupplementalGroupsPolicy,
};

/** Fields with 64-bit numbers, which are texts in this program. */
export const NUMBER_FIELDS: ReadonlySet<string> = new Set([
  ...['cpuPeriod', 'cpuQuota', 'cpuShares', 'memoryLimitInBytes', 'memorySwapLimitInBytes', 'oomScoreAdj'],
  ...['limit', 'supplementalGroups'],
]);

/** Fields with names that are the user's own. */
export const MAP_FIELDS: ReadonlySet<string> = new Set(['labels', 'annotations', 'sysctls', 'unified']);

/** Names that the protocol itself does not write in snake case. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  ...{ uidMappings: 'uidMappings', gidMappings: 'gidMappings', CDIDevices: 'CDI_devices' },
};

/** A field's name in the protocol. */
export function protocolName(field: string): string {
  return OWN_NAMES[field] ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A message of `runtime.v1` as crictl would write it. */
export function toConfigJson(message: object): Record<string, unknown> {
  const fields = Object.entries(message).map(([field, value]) => [protocolName(field), toValue(field, value)] as const);
  return Object.fromEntries(fields.filter(([, value]) => isSet(value)));
}

function toValue(field: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => toValue(field, item));
  if (Buffer.isBuffer(value)) return value.toString();
  if (typeof value === 'object' && value !== null) return toMessage(field, value);
  if (typeof value !== 'string') return value;
  const names = ENUM_FIELDS[field];
  if (names !== undefined) return Object.keys(names).indexOf(value);
  return NUMBER_FIELDS.has(field) ? Number(value) : value;
}

function toMessage(field: string, value: object): unknown {
  if (MAP_FIELDS.has(field)) return Object.keys(value).length === 0 ? undefined : value;
  // Int64Value, as of runAsUser; an environment variable has a `key` beside its `value`.
  const { key, value: number } = value as { key?: unknown; value?: unknown };
  return key === undefined && typeof number === 'string' ? { value: Number(number) } : toConfigJson(value);
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
  return !Array.isArray(value) || value.length > 0;
}

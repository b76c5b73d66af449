// Device nodes of CDI specs: what the spec leaves out is read from the node on the host.
import { stat } from 'node:fs/promises';
import { failedPrecondition } from '../errors.ts';
import type { CdiNode } from '../oci/cdi/apply-edits.ts';
import type { CdiDeviceNode } from '../oci/cdi/cdi-spec.ts';
import type { HostDevice } from '../oci/devices.ts';
import { toHostDevice } from './host-devices.ts';

/** @throws failed-precondition or a system error when the spec does not say enough and the host has no such node */
export async function resolveNode(node: CdiDeviceNode): Promise<CdiNode> {
  const isComplete =
    node.type === 'p' || (node.type !== undefined && node.major !== undefined && node.minor !== undefined);
  const host = isComplete ? undefined : await hostNode(node.hostPath ?? node.path);
  const major = node.major ?? host?.major;
  const minor = node.minor ?? host?.minor;
  const fileMode = node.fileMode ?? host?.mode;
  const gid = node.gid ?? host?.gid;
  const uid = node.uid ?? host?.uid;
  return {
    device: {
      path: node.path,
      type: node.type ?? host?.type ?? 'c',
      ...(major !== undefined && { major }),
      ...(minor !== undefined && { minor }),
      ...(fileMode !== undefined && { fileMode }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    },
    permissions: node.permissions ?? '',
  };
}

async function hostNode(path: string): Promise<HostDevice> {
  const found = await stat(path);
  if (found.isFIFO()) return { ...toHostDevice(path, found), type: 'p' };
  if (found.isCharacterDevice() || found.isBlockDevice()) return toHostDevice(path, found);
  throw failedPrecondition(`"${path}" is no device`);
}

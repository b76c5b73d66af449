// Sandbox records as CRI messages.
import type { PodSandboxStatusInput } from '../../gen/runtime/v1/PodSandboxStatus.ts';
import type { SandboxRecord } from '../../state/sandbox-record.ts';
import { sandboxState, sandboxStateName } from './wire-enums.ts';

/** A list item, in the form that is encoded directly: enums are numbers. */
export function toSandboxItem(record: SandboxRecord): object {
  return {
    id: record.id,
    metadata: record.config.metadata,
    state: sandboxState(record),
    createdAt: record.createdAt,
    labels: record.config.labels,
    annotations: record.config.annotations,
    runtimeHandler: record.runtimeHandler,
  };
}

/** The full status of a pod sandbox. */
export function toSandboxStatus(record: SandboxRecord): PodSandboxStatusInput {
  const [primary = '', ...others] = record.ips;
  return {
    id: record.id,
    metadata: record.config.metadata,
    state: sandboxStateName(record),
    createdAt: record.createdAt,
    network: { ip: primary, additionalIps: others.map((ip) => ({ ip })) },
    linux: { namespaces: { options: record.config.linux?.securityContext?.namespaceOptions ?? {} } },
    labels: record.config.labels,
    annotations: record.config.annotations,
    runtimeHandler: record.runtimeHandler,
  };
}

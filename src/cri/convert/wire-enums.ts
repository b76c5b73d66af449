// Numbers of the enums in replies that are encoded directly. @see proto/runtime/v1/api.proto
import type { ContainerRecord } from '../../state/container-record.ts';
import type { SandboxRecord } from '../../state/sandbox-record.ts';

const CONTAINER_STATE = { created: 0, running: 1, exited: 2, creating: 3 } as const;
const CONTAINER_STATE_NAME = [
  'CONTAINER_CREATED',
  'CONTAINER_RUNNING',
  'CONTAINER_EXITED',
  'CONTAINER_UNKNOWN',
] as const;

/** CRI ContainerState as a number. A container still being made has none of the CRI's states: unknown. */
export function containerState(record: ContainerRecord): 0 | 1 | 2 | 3 {
  return CONTAINER_STATE[record.status.phase];
}

/** CRI ContainerState by name. */
export function containerStateName(record: ContainerRecord): (typeof CONTAINER_STATE_NAME)[number] {
  return CONTAINER_STATE_NAME[containerState(record)];
}

/** CRI PodSandboxState as a number: 0 ready, 1 not ready. */
export function sandboxState(record: SandboxRecord): 0 | 1 {
  return record.status.phase === 'ready' ? 0 : 1;
}

/** CRI PodSandboxState by name. */
export function sandboxStateName(record: SandboxRecord): 'SANDBOX_READY' | 'SANDBOX_NOTREADY' {
  return record.status.phase === 'ready' ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY';
}

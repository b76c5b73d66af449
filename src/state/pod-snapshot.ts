// A pod and its containers at one moment.
import type { ContainerRecord } from './container-record.ts';
import type { LiveIndex } from './live-index.ts';
import type { SandboxRecord } from './sandbox-record.ts';

export interface PodSnapshot {
  readonly sandbox: SandboxRecord;
  /** Without those still being made. */
  readonly containers: readonly ContainerRecord[];
}

/** undefined when there is no such pod. */
export function podSnapshot(
  sandboxes: LiveIndex<SandboxRecord>,
  containers: LiveIndex<ContainerRecord>,
  sandboxId: string,
): PodSnapshot | undefined {
  const sandbox = sandboxes.find(sandboxId);
  if (sandbox === undefined) return undefined;
  const visible = (record: ContainerRecord) => record.sandboxId === sandbox.id && record.status.phase !== 'creating';
  return { sandbox, containers: containers.list().filter(visible) };
}

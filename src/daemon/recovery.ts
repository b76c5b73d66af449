// What happens between start and the first answered call: everything a former daemon left is known again.
import type { ContainerManager } from '../container/manager.ts';
import type { PodNamespaces } from '../host/namespaces.ts';
import type { Logger } from '../observe/logger.ts';
import type { RuntimeDriver } from '../runtime/driver.ts';
import type { SandboxManager } from '../sandbox/manager.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { Layout } from '../state/layout.ts';
import type { LiveIndex } from '../state/live-index.ts';
import type { LoadedRecords, RecordStore } from '../state/record-store.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { sweepOrphans, type SweepDeps } from './sweep-orphans.ts';

export interface RecoveryDeps {
  readonly sandboxRecords: RecordStore<SandboxRecord>;
  readonly containerRecords: RecordStore<ContainerRecord>;
  readonly sandboxIndex: LiveIndex<SandboxRecord>;
  readonly containerIndex: LiveIndex<ContainerRecord>;
  readonly sandboxes: SandboxManager;
  readonly containers: ContainerManager;
  readonly namespaces: PodNamespaces;
  readonly drivers: () => readonly RuntimeDriver[];
  readonly rootfs: SweepDeps['rootfs'];
  readonly imageVolumes: SweepDeps['imageVolumes'];
  readonly network: SweepDeps['network'];
  readonly layout: Layout;
  readonly log: Logger;
}

/** Sandboxes, then their containers, then what no record knows; ends with one line that says what was found. */
export async function recover(deps: RecoveryDeps): Promise<void> {
  const started = performance.now();
  const sandboxes = await deps.sandboxRecords.loadAll();
  const containers = await deps.containerRecords.loadAll();
  report(deps, 'pod sandbox', sandboxes);
  report(deps, 'container', containers);
  await deps.sandboxes.recover(sortByAge(sandboxes.records));
  const [owned, stray] = splitByPod(deps, containers.records);
  await deps.containers.recover(sortByAge(owned));
  for (const record of stray) {
    deps.log.warn({ containerId: record.id, sandboxId: record.sandboxId }, 'container without a pod; sweeping it');
    await deps.containerRecords.delete(record.id);
  }
  // The remains of a quarantined record are left for the person who looks at it.
  const known = new Set(
    [...deps.sandboxIndex.list(), ...deps.containerIndex.list()]
      .map(({ id }) => id)
      .concat([...sandboxes.problems, ...containers.problems].map(({ id }) => id)),
  );
  const orphans = await sweepOrphans(
    { ...deps, deleteRuntimeState: (id, bundle) => deleteEverywhere(deps, id, bundle) },
    known,
  );
  const ms = Math.round(performance.now() - started);
  deps.log.info(
    { sandboxes: deps.sandboxIndex.size, containers: deps.containerIndex.size, orphans, ms },
    'recovered the state of the node',
  );
}

function report(deps: RecoveryDeps, kind: string, { problems }: LoadedRecords<{ readonly id: string }>): void {
  for (const { id, path, message } of problems) {
    deps.log.error({ kind, id, path, reason: message }, 'a record does not parse; moved it to the quarantine');
  }
}

function sortByAge<T extends { readonly createdAt: string }>(records: readonly T[]): T[] {
  return [...records].sort((a, b) => (BigInt(a.createdAt) < BigInt(b.createdAt) ? -1 : 1));
}

function splitByPod(
  deps: RecoveryDeps,
  records: readonly ContainerRecord[],
): [owned: ContainerRecord[], stray: ContainerRecord[]] {
  const hasPod = (record: ContainerRecord) => deps.sandboxIndex.find(record.sandboxId) !== undefined;
  return [records.filter(hasPod), records.filter((record) => !hasPod(record))];
}

// Which handler made it is not known any more: each is asked, and does nothing when it does not know the id.
async function deleteEverywhere(deps: RecoveryDeps, id: string, bundle: string): Promise<void> {
  for (const driver of deps.drivers()) await driver.delete({ id, bundle });
}

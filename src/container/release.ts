// Gives back everything a container holds but its place in memory.
import { rm } from 'node:fs/promises';
import type { ContainerRecord } from '../state/container-record.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';

/**
 * Removes runtime state, image volumes, root file system, bundle, cgroup and record of a container that does not run.
 * Each step may be repeated; the record goes last, so that a failed release can be tried again.
 */
export async function releaseContainer(deps: ContainerDeps, record: ContainerRecord): Promise<void> {
  const { id } = record;
  await driverFor(deps, record).delete(refOf(deps, id));
  await deps.imageVolumes.release(id);
  await deps.rootfs.release(id);
  await rm(deps.layout.bundle(id), { recursive: true, force: true });
  await deps.cgroups.remove(record.cgroupPath);
  await deps.records.delete(id);
}

// What the filters of List and Stream RPCs select: one source for both forms of each call.
import type { ContainerFilter } from '../gen/runtime/v1/ContainerFilter.ts';
import type { ContainerStatsFilter } from '../gen/runtime/v1/ContainerStatsFilter.ts';
import type { ImageFilter } from '../gen/runtime/v1/ImageFilter.ts';
import type { PodSandboxFilter } from '../gen/runtime/v1/PodSandboxFilter.ts';
import type { PodSandboxStatsFilter } from '../gen/runtime/v1/PodSandboxStatsFilter.ts';
import type { ImageRecord } from '../image/service.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { containerStateName, sandboxStateName } from './convert/wire-enums.ts';
import type { CriDeps } from './deps.ts';
import { matchesContainer, matchesObject, matchesState } from './filters.ts';

/** Pods; those still being made are not listed. */
export function selectSandboxes({ sandboxIndex }: CriDeps, filter: PodSandboxFilter | null): SandboxRecord[] {
  return sandboxIndex
    .list()
    .filter((record) => matchesObject(record, filter) && matchesState(sandboxStateName(record), filter?.state));
}

/** Containers; those still being made are not listed. */
export function selectContainers(deps: CriDeps, filter: ContainerFilter | null): ContainerRecord[] {
  const matching = selectMeasuredContainers(deps, filter);
  return matching.filter((record) => matchesState(containerStateName(record), filter?.state));
}

/** The containers that stats are asked of, whatever their state. */
export function selectMeasuredContainers(
  { containerIndex }: CriDeps,
  filter: ContainerStatsFilter | null,
): ContainerRecord[] {
  return containerIndex.list().filter((record) => matchesContainer(record, filter));
}

/** The pods that stats are asked of: only ready ones can be measured. */
export function selectMeasuredSandboxes(
  { sandboxIndex }: CriDeps,
  filter: PodSandboxStatsFilter | null,
): SandboxRecord[] {
  return sandboxIndex.list().filter((record) => record.status.phase === 'ready' && matchesObject(record, filter));
}

/** Images; a filter names one. */
export function selectImages({ images }: CriDeps, filter: ImageFilter | null): readonly ImageRecord[] {
  const wanted = filter?.image?.image ?? '';
  if (wanted === '') return images.list();
  const found = images.find(wanted);
  return found === undefined ? [] : [found];
}

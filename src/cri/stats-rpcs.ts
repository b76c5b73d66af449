// Stats of containers and pods. One broken object never spoils a list: it is left out and logged by the reader.
import { notFound } from '../errors.ts';
import type { RuntimeServiceHandlers } from '../gen/runtime/v1/RuntimeService.ts';
import type { UnaryTable } from '../rpc/service.ts';
import type { CriDeps } from './deps.ts';
import { selectMeasuredContainers, selectMeasuredSandboxes } from './select.ts';

type StatsRpcs = Pick<
  UnaryTable<RuntimeServiceHandlers>,
  'ContainerStats' | 'ListContainerStats' | 'PodSandboxStats' | 'ListPodSandboxStats'
>;

export function statsRpcs(deps: CriDeps): StatsRpcs {
  return {
    ContainerStats: async ({ containerId }) => {
      const [stats] = await deps.stats.containers([deps.containerIndex.get(containerId)]);
      if (stats === undefined) throw notFound('container', containerId);
      return { stats };
    },
    ListContainerStats: async ({ filter }) => ({
      stats: await deps.stats.containers(selectMeasuredContainers(deps, filter)),
    }),
    PodSandboxStats: async ({ podSandboxId }) => {
      const [stats] = await deps.stats.sandboxes([deps.sandboxIndex.get(podSandboxId)]);
      if (stats === undefined) throw notFound('pod sandbox', podSandboxId);
      return { stats };
    },
    ListPodSandboxStats: async ({ filter }) => ({
      stats: await deps.stats.sandboxes(selectMeasuredSandboxes(deps, filter)),
    }),
  };
}

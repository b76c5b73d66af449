// UpdatePodSandboxResources.
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';
import { commit, type SandboxDeps } from './deps.ts';

/**
 * Notes what a resized pod may use now. The kubelet has changed the pod's cgroup itself before it tells.
 * @throws not-found
 * @see CRI RuntimeService.UpdatePodSandboxResources
 */
export async function updateSandboxResources(
  deps: SandboxDeps,
  idOrPrefix: string,
  overhead: LinuxContainerResources | null,
  resources: LinuxContainerResources | null,
): Promise<void> {
  const { id } = deps.index.get(idOrPrefix);
  await deps.queue.run(id, async () => {
    const record = await commit(deps, { ...deps.index.get(id), updatedResources: { overhead, resources } });
    deps.log.info({ sandboxId: id, ...record.updatedResources }, 'pod sandbox resized');
  });
}

// UpdateContainerResources.
import { failedPrecondition, withContext } from '../errors.ts';
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';
import { mergeResources } from '../oci/merge-resources.ts';
import { toResources } from '../oci/resources.ts';
import { commit, driverFor, refOf, type ContainerDeps } from './deps.ts';
import { checkMemoryLimit } from './memory-limit.ts';
import { limitPodMemory } from './pod-memory.ts';

/**
 * Changes the limits of a created or running container and remembers them. Fields that are 0 or empty stay as they are.
 * @see CRI RuntimeService.UpdateContainerResources
 */
export function updateResources(
  deps: ContainerDeps,
  idOrPrefix: string,
  update: LinuxContainerResources,
): Promise<void> {
  const { id } = deps.index.get(idOrPrefix);
  return deps.queue.run(id, async () => {
    const record = deps.index.get(id);
    if (record.status.phase !== 'created' && record.status.phase !== 'running') {
      throw failedPrecondition(`container "${id}" is in state "${record.status.phase}": it has no limits to change`);
    }
    const resources = mergeResources(record.resources, update);
    const sandbox = deps.sandboxes.get(record.sandboxId);
    checkMemoryLimit(sandbox, Number(resources.memoryLimitInBytes));
    try {
      await driverFor(deps, record).update(refOf(deps, id), toResources(resources, deps.host));
      limitPodMemory(deps, sandbox, { ...record, resources });
    } catch (error) {
      throw withContext(`cannot update the resources of container "${id}"`, error);
    }
    await commit(deps, { ...record, resources });
  });
}

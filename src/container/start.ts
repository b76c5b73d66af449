// StartContainer.
import { errorMessage, failedPrecondition, withContext } from '../errors.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { commit, driverFor, refOf, type ContainerDeps } from './deps.ts';
import { limitPodMemory } from './pod-memory.ts';
import { nextStatus } from './status-machine.ts';

/**
 * Starts a created container.
 *
 * A start that fails leaves it exited with code 128, reason `StartError` and the runtime's own error.
 * @throws not-found; failed-precondition when it is not in state created or its pod is not ready
 * @see CRI RuntimeService.StartContainer
 */
export function startContainer(deps: ContainerDeps, idOrPrefix: string): Promise<void> {
  const { id } = deps.index.get(idOrPrefix);
  return deps.queue.run(id, async () => {
    const record = deps.index.get(id);
    const sandbox = deps.sandboxes.get(record.sandboxId);
    if (sandbox.status.phase !== 'ready') {
      throw failedPrecondition(`pod sandbox "${sandbox.id}" of container "${id}" is not ready`);
    }
    if (record.status.phase !== 'created') {
      throw failedPrecondition(
        `container "${id}" is in state "${record.status.phase}": only a created one can be started`,
      );
    }
    const startedAt = deps.now();
    try {
      limitPodMemory(deps, sandbox, record);
      await driverFor(deps, record).start(refOf(deps, id));
    } catch (error) {
      await recordFailure(deps, record, error);
      throw withContext(`cannot start container "${id}"`, error);
    }
    await commit(deps, { ...record, status: nextStatus(record.status, { type: 'started', at: startedAt }) });
    deps.log.info({ containerId: id, sandboxId: sandbox.id }, 'container started');
  });
}

async function recordFailure(deps: ContainerDeps, record: ContainerRecord, error: unknown): Promise<void> {
  const status = nextStatus(record.status, { type: 'start-failed', at: deps.now(), message: errorMessage(error) });
  await commit(deps, { ...record, status });
  await driverFor(deps, record)
    .delete(refOf(deps, record.id))
    .catch((undo: unknown) => deps.log.warn({ containerId: record.id, err: undo }, 'cannot undo a failed start'));
}

// RemoveContainer.
import { withContext } from '../errors.ts';
import { imagesOf } from '../state/container-record.ts';
import type { ContainerDeps } from './deps.ts';
import type { ExitMonitor } from './exit-monitor.ts';
import { releaseContainer } from './release.ts';

/**
 * Removes a container that no longer runs. The log file stays, it is kubelet's. A failed removal can be tried again.
 */
export function removeStopped(deps: ContainerDeps, monitor: ExitMonitor, id: string): Promise<void> {
  return deps.queue.run(id, async () => {
    const record = deps.index.find(id);
    if (record === undefined) return;
    monitor.forget(id);
    try {
      await releaseContainer(deps, record);
    } catch (error) {
      throw withContext(`cannot remove container "${id}"`, error);
    }
    deps.index.delete(id);
    deps.events.publish('deleted', id, record.sandboxId);
    const removed = imagesOf(record).filter((imageId) => deps.images.find(imageId) === undefined);
    if (removed.length > 0) collectImages(deps, removed);
    deps.log.info({ containerId: id, sandboxId: record.sandboxId }, 'container removed');
  });
}

// Images that were removed while this container used them; their layers can go now.
function collectImages(deps: ContainerDeps, images: readonly string[]): void {
  deps.images
    .collectGarbage()
    .catch((error: unknown) =>
      deps.log.warn({ images, err: error }, 'cannot collect images that were removed earlier'),
    );
}

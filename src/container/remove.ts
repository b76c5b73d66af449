// RemoveContainer.
import { rm } from 'node:fs/promises';
import { withContext } from '../errors.ts';
import { imagesOf } from '../state/container-record.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';
import type { ExitMonitor } from './exit-monitor.ts';

/**
 * Removes a container that no longer runs: runtime state, root file system, record. The log file stays, it is
 * kubelet's. Each step may be repeated; the record goes last, so that a failed removal can be tried again.
 */
export function removeStopped(deps: ContainerDeps, monitor: ExitMonitor, id: string): Promise<void> {
  return deps.queue.run(id, async () => {
    const record = deps.index.find(id);
    if (record === undefined) return;
    monitor.forget(id);
    try {
      await driverFor(deps, record).delete(refOf(deps, id));
      await deps.imageVolumes.release(id);
      await deps.rootfs.release(id);
      await rm(deps.layout.bundle(id), { recursive: true, force: true });
      await deps.cgroups.remove(record.cgroupPath);
      await deps.records.delete(id);
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

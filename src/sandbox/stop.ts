// StopPodSandbox.
import { existsSync } from 'node:fs';
import { withContext } from '../errors.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { commit, type SandboxDeps } from './deps.ts';
import { detachNetwork } from './network.ts';
import { stopPause } from './pause.ts';
import { removePodFiles } from './pod-files.ts';
import { releaseCgroup } from './run.ts';

/**
 * Stops a pod: ends its containers, gives back its network, releases its namespaces. Unknown and stopped pods are
 * fine, and a step that failed is tried again by the next call.
 * @see CRI RuntimeService.StopPodSandbox: "This call is idempotent"
 */
export async function stopSandbox(deps: SandboxDeps, idOrPrefix: string): Promise<void> {
  const found = deps.index.find(idOrPrefix);
  if (found === undefined) return;
  await deps.queue.run(found.id, async () => {
    const record = deps.index.find(found.id);
    if (record === undefined || isReleased(deps, record)) return;
    try {
      await release(deps, record);
    } catch (error) {
      throw withContext(`cannot stop pod sandbox "${record.id}"`, error);
    }
    deps.events.publish('stopped', record.id, record.id);
    deps.log.info({ sandboxId: record.id }, 'pod sandbox stopped');
  });
}

// A daemon that was killed in the middle of a stop leaves a record that is not ready, and directories.
function isReleased({ layout }: SandboxDeps, record: SandboxRecord): boolean {
  if (record.status.phase !== 'not-ready' || record.networkAttached || hasPause(record)) return false;
  return !existsSync(layout.sandboxFiles(record.id)) && !existsSync(layout.namespaces(record.id));
}

function hasPause(record: SandboxRecord): boolean {
  return record.pause !== null || record.pauseImageId !== null;
}

async function release(deps: SandboxDeps, record: SandboxRecord): Promise<void> {
  // Not ready first: from here on no container can be made or started in it.
  let current = await commit(deps, { ...record, status: { phase: 'not-ready', reason: 'stopped' } });
  await deps.containers.stopAll(current.id);
  await stopPause(deps, current);
  if (current.networkAttached) await detachNetwork(deps, current);
  deps.namespaces.unpin(deps.layout.namespaces(current.id));
  removePodFiles(deps.layout.sandboxFiles(current.id));
  current = await commit(deps, { ...current, networkAttached: false, pause: null, pauseImageId: null });
}

/**
 * Removes a pod and its containers, stopping what runs. Removing an unknown pod succeeds.
 * @see CRI RuntimeService.RemovePodSandbox
 */
export async function removeSandbox(deps: SandboxDeps, idOrPrefix: string): Promise<void> {
  const found = deps.index.find(idOrPrefix);
  if (found === undefined) return;
  await stopSandbox(deps, found.id);
  await deps.queue.run(found.id, async () => {
    const record = deps.index.find(found.id);
    if (record === undefined) return;
    await deps.containers.removeAll(record.id);
    await releaseCgroup(deps, record);
    await deps.records.delete(record.id);
    // While it can still be found: the event carries the pod's last status.
    deps.events.publish('deleted', record.id, record.id);
    deps.index.delete(record.id);
    deps.log.info({ sandboxId: record.id }, 'pod sandbox removed');
  });
}

// One attempt at one layer in a temporary directory: alone, or on a mounted view of the layers below it.
import { mkdir, rm } from 'node:fs/promises';
import { DaemonError } from '../../errors.ts';
import type { DiskChores } from '../../host/disk-usage.ts';
import { removeMount } from '../../host/mounts.ts';
import { mountOverlay } from '../snapshot/overlay-mount.ts';
import type { LayerBlob } from './layer-job.ts';
import type { LayerWorkers, Unpacked } from './layer-workers.ts';
import type { LayerLimits } from './limits.ts';
import { readableBlob } from './zstd-program.ts';

export interface LayerBuild {
  /** Existing empty directory; the layer grows in its `fs`. */
  readonly directory: string;
  readonly blob: LayerBlob;
  readonly hasParents: boolean;
  readonly diffId: string;
  readonly limits: LayerLimits;
  readonly workers: LayerWorkers;
  readonly signal: AbortSignal;
}

function prove(outcome: Unpacked, diffId: string): Unpacked {
  if (outcome.kind === 'done' && outcome.diffId !== diffId) {
    throw new DaemonError('data-loss', `the layer's content is ${outcome.diffId}, its image says ${diffId}`);
  }
  return outcome;
}

/**
 * Unpacks a layer without looking at the layers below it.
 *
 * @throws data-loss when the content is not what `diffId` says; the errors of a malformed or too large layer
 */
export async function buildAlone({
  directory,
  hasParents,
  diffId,
  limits,
  workers,
  signal,
  ...build
}: LayerBuild): Promise<Unpacked> {
  const root = `${directory}/fs`;
  await mkdir(root, { mode: 0o755 });
  const blob = await readableBlob(build.blob, `${directory}/layer.tar`, signal);
  const mode = hasParents ? 'isolated' : 'base';
  const outcome = prove(await workers.run({ blob, root, mode, limits }, signal), diffId);
  if (blob !== build.blob) await rm(blob.path);
  return outcome;
}

/**
 * Unpacks a layer onto an overlay of the layers below it, where the kernel copies up what the layer only implies.
 *
 * @param lower directories of the layers below, topmost first
 */
export async function buildMerged(build: LayerBuild, lower: readonly string[], chores: DiskChores): Promise<Unpacked> {
  const { directory, diffId, limits, workers, signal } = build;
  const upper = `${directory}/fs`;
  const work = `${directory}/work`;
  const root = `${directory}/merged`;
  for (const path of [upper, work, root]) await mkdir(path, { mode: 0o755 });
  const blob = await readableBlob(build.blob, `${directory}/layer.tar`, signal);
  await mountOverlay({ lower, writable: { upper, work }, target: root, scratch: directory });
  let outcome;
  try {
    outcome = prove(await workers.run({ blob, root, mode: 'merged', limits }, signal), diffId);
  } finally {
    removeMount(root);
  }
  if (blob !== build.blob) await rm(blob.path);
  for (const path of [work, root]) await chores.remove(path);
  return outcome.kind === 'done' ? { ...outcome, ...(await chores.measure(upper)) } : outcome;
}

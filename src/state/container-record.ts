// What is remembered of a container, and its states.
import { z } from 'zod';
import type { ContainerConfig } from '../gen/runtime/v1/ContainerConfig.ts';
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';
import { RuntimeProcesses } from './sandbox-record.ts';

const StoredConfig = z
  .looseObject({ metadata: z.looseObject({ name: z.string(), attempt: z.number() }) })
  .transform((config) => config as unknown as ContainerConfig);

const StoredResources = z.looseObject({}).transform((value) => value as unknown as LinuxContainerResources);

/** An image that a container mounts. */
const ImageVolume = z.strictObject({
  /** As the mounts name it. */
  reference: z.string(),
  imageId: z.string(),
  imageRef: z.string(),
  /** Chain ids, bottom first. */
  layers: z.array(z.string()),
});
export type ImageVolume = z.infer<typeof ImageVolume>;

/**
 * The states of a container.
 *
 * ```
 *  creating ──► created ──► running ──► exited ──► (removed)
 *      │           └───────────────────────▲
 *      └──► (undone)
 * ```
 * Times are nanoseconds since the epoch. `startedAt` is 0 for a container that was never started.
 */
export const ContainerStatus = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('creating') }),
  z.strictObject({ phase: z.literal('created'), processes: RuntimeProcesses }),
  z.strictObject({ phase: z.literal('running'), processes: RuntimeProcesses, startedAt: z.string() }),
  z.strictObject({
    phase: z.literal('exited'),
    startedAt: z.string(),
    finishedAt: z.string(),
    exitCode: z.number(),
    reason: z.string(),
    message: z.string(),
  }),
]);
export type ContainerStatus = z.infer<typeof ContainerStatus>;

export const ContainerRecord = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{64}$/),
  sandboxId: z.string(),
  config: StoredConfig,
  createdAt: z.string(),
  status: ContainerStatus,
  /** The image's id, and how it was named when the container was made. */
  imageId: z.string(),
  imageRef: z.string(),
  /** Chain ids of the image's layers, bottom first. */
  layers: z.array(z.string()),
  /** The images it mounts, once each; absent in records of daemons that knew none. */
  imageVolumes: z.array(ImageVolume).default([]),
  /** Absolute cgroupfs path. */
  cgroupPath: z.string(),
  /** Absolute; null when the output is not kept. */
  logPath: z.string().nullable(),
  user: z.strictObject({ uid: z.number(), gid: z.number(), groups: z.array(z.number()) }),
  /** Linux signal number. */
  stopSignal: z.number(),
  /** The limits in force: those of the config with every update merged in. */
  resources: StoredResources.nullable(),
});
export type ContainerRecord = z.infer<typeof ContainerRecord>;

/** The ids of all images a container needs. */
export function imagesOf({ imageId, imageVolumes }: Pick<ContainerRecord, 'imageId' | 'imageVolumes'>): string[] {
  return [imageId, ...imageVolumes.map((volume) => volume.imageId)];
}

/** The name no two containers share. @see CRI ContainerMetadata */
export function containerName(record: Pick<ContainerRecord, 'config' | 'sandboxId'>): string {
  return `${record.config.metadata?.name ?? ''}_${record.config.metadata?.attempt ?? 0}_${record.sandboxId}`;
}

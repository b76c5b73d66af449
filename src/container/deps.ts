// What the container verbs are given, and the views of neighbours they need.
import type { KeyedQueue } from '../async/keyed-queue.ts';
import type { CgroupHost } from '../cgroup/host.ts';
import type { ContainerEventType, EventSink } from '../events/container-events.ts';
import type { ImageRecord } from '../image/service.ts';
import type { RootfsOwner } from '../image/snapshot/mapped-layers.ts';
import type { VolumeImage } from '../image/snapshot/image-volumes.ts';
import type { Logger } from '../observe/logger.ts';
import type { BaseSpecSource } from '../oci/base-spec-source.ts';
import type { SeccompSource } from '../oci/seccomp/source.ts';
import type { HostFacts, SpecDefaults } from '../oci/spec-input.ts';
import type { ContainerRef, RuntimeDriver } from '../runtime/driver.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { Layout } from '../state/layout.ts';
import type { LiveIndex } from '../state/live-index.ts';
import type { RecordStore } from '../state/record-store.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';

/** The image store as containers see it. */
export interface ContainerImages {
  find(reference: string): ImageRecord | undefined;
  /** @throws permission-denied when the content policy does not let a container be made of it */
  requireTrusted(image: ImageRecord, reference: string): void;
  /** Removes what no image and no container uses any more. */
  collectGarbage(): Promise<void>;
}

/** The root file systems as containers see them. */
export interface ContainerRootfs {
  prepare(
    id: string,
    chainIds: readonly string[],
    owner?: RootfsOwner,
    label?: string,
  ): Promise<{ readonly path: string }>;
  ensureMounted(id: string, chainIds: readonly string[]): Promise<{ readonly path: string }>;
  path(id: string): string;
  release(id: string): Promise<void>;
}

/** The mounts of images as containers see them. */
export interface ContainerImageVolumes {
  mount(containerId: string, image: VolumeImage, owner?: RootfsOwner, label?: string): Promise<string>;
  release(containerId: string): Promise<void>;
}

/** Gives volumes their SELinux label. */
export interface ContainerVolumes {
  /** @throws invalid-argument for a place that no container may be given; failed-precondition when a file refuses */
  relabel(path: string, label: string): Promise<void>;
}

/** Settings that shape containers. */
export interface ContainerSettings {
  readonly specDefaults: SpecDefaults;
}

export interface ContainerDeps {
  readonly records: RecordStore<ContainerRecord>;
  readonly index: LiveIndex<ContainerRecord>;
  readonly sandboxes: Pick<LiveIndex<SandboxRecord>, 'get' | 'find'>;
  readonly driverOf: (sandbox: SandboxRecord) => RuntimeDriver;
  readonly images: ContainerImages;
  readonly rootfs: ContainerRootfs;
  readonly imageVolumes: ContainerImageVolumes;
  readonly volumes: ContainerVolumes;
  readonly cgroups: CgroupHost;
  readonly seccomp: SeccompSource;
  readonly baseSpecs: BaseSpecSource;
  readonly layout: Layout;
  readonly host: Omit<HostFacts, 'hostDevices'>;
  readonly settings: ContainerSettings;
  readonly queue: KeyedQueue;
  readonly events: EventSink;
  readonly log: Logger;
  /** Nanoseconds since the epoch, now. */
  readonly now: () => bigint;
}

/** The driver's name for a container. */
export function refOf(deps: Pick<ContainerDeps, 'layout'>, id: string): ContainerRef {
  return { id, bundle: deps.layout.bundle(id) };
}

/** The driver of a container's pod. */
export function driverFor(deps: ContainerDeps, record: ContainerRecord): RuntimeDriver {
  return deps.driverOf(deps.sandboxes.get(record.sandboxId));
}

const EVENT_OF_PHASE = { created: 'created', running: 'started', exited: 'stopped' } as const satisfies Record<
  Exclude<ContainerRecord['status']['phase'], 'creating'>,
  ContainerEventType
>;

/** Replaces a record on disk, then in memory, then tells: readers never see what a crash could lose. */
export async function commit(deps: ContainerDeps, record: ContainerRecord): Promise<ContainerRecord> {
  await deps.records.save(record);
  const before = deps.index.find(record.id)?.status.phase;
  deps.index.set(record);
  const { phase } = record.status;
  if (phase !== before && phase !== 'creating') deps.events.publish(EVENT_OF_PHASE[phase], record.id, record.sandboxId);
  return record;
}

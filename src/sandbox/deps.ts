// What the sandbox verbs are given, and the views of neighbours they need.
import type { KeyedQueue } from '../async/keyed-queue.ts';
import type { CgroupHost } from '../cgroup/host.ts';
import type { AttachRequest } from '../cni/attach-request.ts';
import type { Attachment } from '../cni/pod-network.ts';
import type { ContainerManager } from '../container/manager.ts';
import type { EventSink } from '../events/container-events.ts';
import type { PodNamespaces } from '../host/namespaces.ts';
import type { Logger } from '../observe/logger.ts';
import type { ImageRecord, PullRequest } from '../image/service.ts';
import type { SeccompSource } from '../oci/seccomp/source.ts';
import type { HostFacts } from '../oci/spec-input.ts';
import type { RuntimeDriver } from '../runtime/driver.ts';
import type { HandlerSnapshot } from '../state/handler-snapshot.ts';
import type { Layout } from '../state/layout.ts';
import type { LiveIndex } from '../state/live-index.ts';
import type { PodOwner } from '../state/pod-namespaces.ts';
import type { RecordStore } from '../state/record-store.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import type { PodLabels } from './pod-labels.ts';

/** The handlers as sandboxes see them. */
export interface SandboxHandlers {
  /**
   * The handler a RuntimeClass names; '' is the default.
   * @throws when it is unknown or failed its preflight, with the reason
   */
  resolve(name: string): { readonly snapshot: HandlerSnapshot; readonly driver: RuntimeDriver };
  /** The driver of a sandbox, also when its handler has gone from the configuration. */
  driverOf(sandbox: SandboxRecord): RuntimeDriver;
}

/** The pod network as sandboxes see it. */
export interface SandboxNetwork {
  attach(request: AttachRequest): Promise<Attachment>;
  detach(sandboxId: string, netnsPath: string | undefined, confDir: string | undefined): Promise<void>;
}

/** The image store as pods see it: for a configured pause image. */
export interface SandboxImages {
  find(reference: string): ImageRecord | undefined;
  pull(request: PullRequest): Promise<ImageRecord>;
  /** @throws permission-denied when the content policy does not let a container be made of it */
  requireTrusted(image: ImageRecord, reference: string): void;
}

/** The root file systems as pods see them, likewise. */
export interface SandboxRootfs {
  prepare(
    id: string,
    chainIds: readonly string[],
    owner?: PodOwner,
    label?: string,
  ): Promise<{ readonly path: string }>;
  has(id: string): boolean;
  release(id: string): Promise<void>;
}

export interface SandboxSettings {
  /** Used when a pod names no cgroup parent; each such pod gets a directory of its own below it. */
  readonly defaultCgroupParent: string;
  /** Size of a pod's /dev/shm. */
  readonly shmSizeBytes: number;
  /** Image of pause processes; '': crisol's own program. */
  readonly pauseImage: string;
}

export interface SandboxDeps {
  readonly records: RecordStore<SandboxRecord>;
  readonly index: LiveIndex<SandboxRecord>;
  readonly handlers: SandboxHandlers;
  readonly network: SandboxNetwork;
  readonly namespaces: PodNamespaces;
  readonly containers: Pick<ContainerManager, 'stopAll' | 'removeAll'>;
  readonly images: SandboxImages;
  readonly rootfs: SandboxRootfs;
  readonly cgroups: CgroupHost;
  readonly seccomp: SeccompSource;
  readonly labels: PodLabels;
  readonly layout: Layout;
  readonly host: Omit<HostFacts, 'hostDevices'>;
  readonly settings: SandboxSettings;
  readonly queue: KeyedQueue;
  readonly events: EventSink;
  readonly log: Logger;
  /** Nanoseconds since the epoch, now. */
  readonly now: () => bigint;
}

/** Replaces a record on disk, then in memory. */
export async function commit(deps: SandboxDeps, record: SandboxRecord): Promise<SandboxRecord> {
  await deps.records.save(record);
  deps.index.set(record);
  return record;
}

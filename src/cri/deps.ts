// What the RPC functions are given.
import type { ContainerManager } from '../container/manager.ts';
import type { ContainerEvents } from '../events/container-events.ts';
import type { ImageService } from '../image/service.ts';
import type { Logger } from '../observe/logger.ts';
import type { SandboxManager } from '../sandbox/manager.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { Layout } from '../state/layout.ts';
import type { LiveIndex } from '../state/live-index.ts';
import type { PodSnapshot } from '../state/pod-snapshot.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import type { StreamingServer } from '../streaming/server.ts';
import type { StatsReader } from '../stats/stats-reader.ts';

/** One line of Status: a handler, and why it cannot be used when it cannot. */
export interface HandlerStatus {
  /** '' for the default handler. */
  readonly name: string;
  readonly ready: boolean;
  readonly reason: string;
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
  /** Path, version and the like, for verbose info. */
  readonly details: unknown;
}

export interface NodeStatus {
  readonly network: { readonly ready: boolean; readonly reason: string; readonly message: string };
  readonly handlers: readonly HandlerStatus[];
  /** Limits of this host that change what pods get, as extra conditions: type and message. */
  readonly limits: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
  /** Verbose info, each value JSON. */
  readonly info: () => Readonly<Record<string, unknown>>;
}

export interface CriDeps {
  readonly sandboxes: SandboxManager;
  readonly containers: ContainerManager;
  readonly sandboxIndex: LiveIndex<SandboxRecord>;
  readonly containerIndex: LiveIndex<ContainerRecord>;
  readonly images: ImageService;
  readonly stats: StatsReader;
  readonly events: ContainerEvents<PodSnapshot>;
  readonly streaming: Pick<StreamingServer, 'issue'>;
  readonly status: () => NodeStatus;
  readonly cgroupDriver: 'systemd' | 'cgroupfs';
  readonly layout: Layout;
  readonly version: string;
  readonly log: Logger;
}

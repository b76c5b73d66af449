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
import type { MetricsReader } from '../stats/metrics/metrics-reader.ts';
import type { StatsReader } from '../stats/stats-reader.ts';

/** A runtime handler as Status, verbose info and `crisol handlers` show it. */
export interface HandlerReport {
  readonly name: string;
  readonly kind: 'oci' | 'shim-v2';
  /** The program: absolute when it was found, as configured otherwise. */
  readonly path: string;
  /** What it says its version is; '' or `unknown` when it does not. */
  readonly version: string;
  /** The monitor's program; '' when the kind has none. */
  readonly monitor: string;
  /** Runs pods that name no handler. */
  readonly isDefault: boolean;
  readonly state: 'ready' | 'failed';
  /** '' when it is ready. */
  readonly reason: string;
  /** What to do about it; '' when it is ready or nothing is known to help. */
  readonly cure: string;
  /** By the names of the configuration, each with who says so. */
  readonly features: readonly { readonly name: string; readonly value: boolean; readonly source: string }[];
}

export interface Readiness {
  readonly ready: boolean;
  /** One word and a text; '' when it is ready. */
  readonly reason: string;
  readonly message: string;
}

export interface NodeStatus {
  /** Whether pods that name no handler can run; `network`: whether they can be given an address. */
  readonly runtime: Readiness;
  readonly network: Readiness;
  /** Networks of handlers whose pods have another one, by the handler's name. */
  readonly ownNetworks: readonly ({ readonly name: string } & Readiness)[];
  /** In the order of the configuration. */
  readonly handlers: readonly HandlerReport[];
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
  /** What the network's plugins answered for a pod; undefined when it has none. Reads a file. */
  readonly networkResult: (sandboxId: string) => Promise<unknown>;
  readonly stats: StatsReader;
  readonly metrics: Pick<MetricsReader, 'pods'>;
  /** What a container wrote, up to ten seconds ago. */
  readonly writableLayer: (containerId: string) => Promise<{ readonly bytes: number }>;
  readonly events: ContainerEvents<PodSnapshot>;
  readonly streaming: Pick<StreamingServer, 'issue'>;
  readonly status: () => NodeStatus;
  readonly cgroupDriver: 'systemd' | 'cgroupfs';
  readonly layout: Layout;
  readonly version: string;
  readonly log: Logger;
}

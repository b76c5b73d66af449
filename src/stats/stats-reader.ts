// StatsReader: usage of containers and pods, read from cgroups and network namespaces when asked.
import type { CgroupHost } from '../cgroup/host.ts';
import type { CgroupStats } from '../cgroup/stats.ts';
import type { PodNamespaces } from '../host/namespaces.ts';
import type { Logger } from '../observe/logger.ts';
import type { RuntimeDriver } from '../runtime/driver.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { Layout } from '../state/layout.ts';
import type { LiveIndex } from '../state/live-index.ts';
import { netnsPath, planNamespaces } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { cpuUsage, filesystemUsage, ioUsage, memoryUsage, processUsage, swapUsage } from './cgroup-messages.ts';
import { CpuRates } from './cpu-rates.ts';
import { DriverUsage } from './driver-usage.ts';
import { networkUsage } from './network-usage.ts';

export interface StatsDeps {
  readonly cgroups: Pick<CgroupHost, 'readStats' | 'podPath'>;
  /** Asked where a container has no cgroup of its own on the host. */
  readonly driverOf: (sandbox: SandboxRecord) => Pick<RuntimeDriver, 'features' | 'stats'>;
  readonly namespaces: Pick<PodNamespaces, 'readNetDev'>;
  /** Usage of a container's writable layer: cached, measured off the main thread. */
  readonly writableLayer: (containerId: string) => Promise<{ readonly bytes: number; readonly inodes: number }>;
  /** Absolute path on the file system that holds the writable layers. */
  readonly writableMountpoint: string;
  readonly containers: LiveIndex<ContainerRecord>;
  readonly sandboxes: LiveIndex<SandboxRecord>;
  readonly layout: Layout;
  readonly log: Logger;
}

/** Reads this many cgroups before other work gets a turn: some 2.5 ms. */
const SLICE = 50;

export class StatsReader {
  readonly #deps: StatsDeps;
  readonly #rates = new CpuRates();
  readonly #driverUsage: DriverUsage;

  constructor(deps: StatsDeps) {
    this.#deps = deps;
    this.#driverUsage = new DriverUsage(deps.log);
  }

  /** ContainerStats of each container; one whose reading fails is logged and left out. */
  async containers(records: readonly ContainerRecord[]): Promise<object[]> {
    return this.#each(records, (record) => this.#container(record));
  }

  /** PodSandboxStats of each sandbox; one whose reading fails is logged and left out. */
  async sandboxes(records: readonly SandboxRecord[]): Promise<object[]> {
    return this.#each(records, (record) => this.#sandbox(record));
  }

  async #each<T extends { readonly id: string }>(
    records: readonly T[],
    read: (record: T) => Promise<object>,
  ): Promise<object[]> {
    const { containers, sandboxes, log } = this.#deps;
    this.#rates.keepOnly((id) => containers.find(id) !== undefined || sandboxes.find(id) !== undefined);
    this.#driverUsage.keepOnly((id) => containers.find(id) !== undefined);
    const results: object[] = [];
    for (let start = 0; start < records.length; start += SLICE) {
      if (start > 0) await new Promise(setImmediate);
      const slice = records.slice(start, start + SLICE).map(async (record) => {
        try {
          return [await read(record)];
        } catch (error) {
          log.warn({ id: record.id, err: error }, 'cannot read the usage of one object');
          return [];
        }
      });
      results.push(...(await Promise.all(slice)).flat());
    }
    return results;
  }

  async #container(record: ContainerRecord): Promise<object> {
    const { bytes, inodes } = await this.#deps.writableLayer(record.id);
    const now = (BigInt(Date.now()) * 1_000_000n).toString();
    const { labels, annotations, metadata } = record.config;
    const base = {
      attributes: { id: record.id, metadata, labels, annotations },
      writableLayer: filesystemUsage(now, this.#deps.writableMountpoint, bytes, inodes),
    };
    const stats = record.status.phase === 'running' ? await this.#read(record) : undefined;
    if (stats === undefined) return base;
    return { ...base, ...this.#usage(record, stats), swap: swapUsage(stats.timestampNanos.toString(), stats.swap) };
  }

  async #read(record: ContainerRecord): Promise<CgroupStats | undefined> {
    const { cgroups, driverOf, layout, sandboxes } = this.#deps;
    const driver = driverOf(sandboxes.get(record.sandboxId));
    if (driver.features.containerCgroups) return cgroups.readStats(record.cgroupPath);
    return this.#driverUsage.read(driver, { id: record.id, bundle: layout.bundle(record.id) });
  }

  #usage(record: { readonly id: string; readonly createdAt: string }, stats: CgroupStats): object {
    const timestamp = stats.timestampNanos.toString();
    const { cpuUsageNanos, timestampNanos } = stats;
    const rate =
      cpuUsageNanos === undefined
        ? undefined
        : this.#rates.rate(record.id, { timestampNanos, cpuUsageNanos }, BigInt(record.createdAt));
    return {
      cpu: cpuUsage(stats, rate),
      memory: memoryUsage(timestamp, stats.memory, stats.pressure.memory),
      io: ioUsage(timestamp, stats.pressure.io),
    };
  }

  async #sandbox(record: SandboxRecord): Promise<object> {
    const { labels, annotations, metadata } = record.config;
    const owned = this.#deps.containers.list().filter((container) => container.sandboxId === record.id);
    const containers = await this.containers(owned);
    const stats = this.#deps.cgroups.readStats(this.#deps.cgroups.podPath(record.cgroupParent));
    const timestamp = (stats?.timestampNanos ?? BigInt(Date.now()) * 1_000_000n).toString();
    return {
      attributes: { id: record.id, metadata, labels, annotations },
      linux: {
        ...(stats === undefined ? {} : this.#usage(record, stats)),
        network: await this.#network(record, timestamp),
        process: processUsage(timestamp, stats?.processCount),
        containers,
      },
    };
  }

  async #network(record: SandboxRecord, timestamp: string): Promise<object | null> {
    if (record.status.phase !== 'ready' || planNamespaces(record.config).hostNetwork) return null;
    const { namespaces, layout, log } = this.#deps;
    try {
      return networkUsage(timestamp, await namespaces.readNetDev(netnsPath(layout, record.id)));
    } catch (error) {
      // The rest of what is known of the pod is still worth telling.
      log.warn({ id: record.id, err: error }, "cannot read a pod's network counters");
      return null;
    }
  }
}

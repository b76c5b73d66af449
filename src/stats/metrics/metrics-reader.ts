// MetricsReader: the metrics of pods and their containers, read when asked, one pod after another.
import { statfs } from 'node:fs/promises';
import type { CgroupHost } from '../../cgroup/host.ts';
import { countOpenFiles, openFilesLimit } from '../../host/open-files.ts';
import type { PodNamespaces } from '../../host/namespaces.ts';
import type { DiskUsage } from '../../host/disk-usage.ts';
import type { Logger } from '../../observe/logger.ts';
import type { ContainerRecord } from '../../state/container-record.ts';
import type { Layout } from '../../state/layout.ts';
import type { LiveIndex } from '../../state/live-index.ts';
import { netnsPath, planNamespaces } from '../../state/pod-namespaces.ts';
import type { SandboxRecord } from '../../state/sandbox-record.ts';
import { parseNetDev, type NetworkInterface } from '../net-dev.ts';
import type { BlockDevices } from './block-devices.ts';
import { toMetrics } from './families.ts';
import type { FileSystem, Reading } from './family.ts';

export interface MetricsDeps {
  readonly cgroups: Pick<CgroupHost, 'readMetrics' | 'podPath' | 'processes'>;
  readonly namespaces: Pick<PodNamespaces, 'readNetDev'>;
  /** Usage of a container's writable layer: cached, measured off the main thread. */
  readonly writableLayer: (containerId: string) => Promise<DiskUsage>;
  /** The file system that holds the writable layers: a path on it, and its device. */
  readonly writable: { readonly mountpoint: string; readonly device: string };
  readonly devices: Pick<BlockDevices, 'name'>;
  readonly containers: LiveIndex<ContainerRecord>;
  readonly sandboxes: LiveIndex<SandboxRecord>;
  readonly layout: Layout;
  readonly log: Logger;
}

export class MetricsReader {
  readonly #deps: MetricsDeps;

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
  }

  /**
   * PodSandboxMetrics of every ready pod. What of a pod or container cannot be read is logged and left out; the rest
   * is told. Other work gets a turn after each pod.
   */
  async *pods(): AsyncGenerator<object> {
    const fileSystem = await this.#fileSystem();
    const containers = this.#deps.containers.list();
    for (const sandbox of this.#deps.sandboxes.list()) {
      if (sandbox.status.phase !== 'ready') continue;
      const metrics = await this.#orNothing(sandbox.id, () => this.#pod(sandbox));
      const containerMetrics: object[] = [];
      for (const record of containers.filter(({ sandboxId }) => sandboxId === sandbox.id)) {
        const own = await this.#orNothing(record.id, () => this.#container(sandbox, record, fileSystem));
        if (own.length > 0) containerMetrics.push({ containerId: record.id, metrics: own });
      }
      yield { podSandboxId: sandbox.id, metrics, containerMetrics };
      await new Promise(setImmediate);
    }
  }

  async #pod(sandbox: SandboxRecord): Promise<object[]> {
    const path = this.#deps.cgroups.podPath(sandbox.cgroupParent);
    const reading = { ...this.#cgroup(path, sandbox.createdAt), interfaces: await this.#interfaces(sandbox) };
    return toMetrics({ ...ownerOf(sandbox), id: path }, reading);
  }

  async #container(sandbox: SandboxRecord, record: ContainerRecord, fileSystem?: FileSystem): Promise<object[]> {
    const { status } = record;
    if (status.phase !== 'running') return [];
    const { cgroups, writableLayer } = this.#deps;
    const reading = {
      ...this.#cgroup(record.cgroupPath, status.startedAt),
      openFiles: await countOpenFiles(cgroups.processes(record.cgroupPath)),
      openFilesLimit: openFilesLimit(status.processes.init.pid),
      layer: await writableLayer(record.id),
      fileSystem,
    };
    const container = record.config.metadata?.name ?? '';
    const owner = { id: record.cgroupPath, name: record.id, image: imageName(record), container };
    return toMetrics({ ...ownerOf(sandbox), ...owner }, reading);
  }

  #cgroup(path: string, startedAt: string): Reading {
    const cgroup = this.#deps.cgroups.readMetrics(path);
    return {
      nowSeconds: Math.floor(Date.now() / 1000),
      startedSeconds: Number(BigInt(startedAt) / 1_000_000_000n),
      cgroup,
      processes: cgroup === undefined ? undefined : this.#deps.cgroups.processes(path).length,
      deviceName: this.#deps.devices.name,
      openFiles: undefined,
      openFilesLimit: undefined,
      layer: undefined,
      fileSystem: undefined,
      interfaces: [],
    };
  }

  // A pod without its network is told with the rest of what it has.
  async #interfaces({ id, config }: SandboxRecord): Promise<NetworkInterface[]> {
    if (planNamespaces(config).hostNetwork) return [];
    const { namespaces, layout } = this.#deps;
    return this.#orNothing(id, async () => parseNetDev(await namespaces.readNetDev(netnsPath(layout, id))));
  }

  async #fileSystem(): Promise<FileSystem | undefined> {
    const { mountpoint, device } = this.#deps.writable;
    const facts = await statfs(mountpoint).catch(() => undefined);
    if (facts === undefined) return undefined;
    return { device, bytes: facts.blocks * facts.bsize, inodes: facts.files, freeInodes: facts.ffree };
  }

  async #orNothing<T>(id: string, read: () => Promise<T[]>): Promise<T[]> {
    try {
      return await read();
    } catch (error) {
      this.#deps.log.warn({ id, err: error }, 'cannot read the metrics of one object');
      return [];
    }
  }
}

function ownerOf({ config }: SandboxRecord): { name: ''; image: ''; pod: string; namespace: string; container: '' } {
  const { name = '', namespace = '' } = config.metadata ?? {};
  return { name: '', image: '', pod: name, namespace, container: '' };
}

function imageName({ config, imageRef }: ContainerRecord): string {
  const named = config.image?.userSpecifiedImage ?? '';
  return named === '' ? imageRef : named;
}

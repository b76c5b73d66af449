// The composition root: constructs everything, decides nothing.
import { join } from 'node:path';
import { KeyedQueue } from '../async/keyed-queue.ts';
import { CgroupHost } from '../cgroup/host.ts';
import type { PodNetwork } from '../cni/pod-network.ts';
import type { Config } from '../config/schema.ts';
import { tlsPaths } from '../config/streaming.ts';
import { ContainerManager } from '../container/manager.ts';
import { VolumeLabels } from '../container/volume-labels.ts';
import type { CriDeps } from '../cri/deps.ts';
import { ContainerEvents } from '../events/container-events.ts';
import { listMounts, mountOf } from '../host/mounts.ts';
import { PodNamespaces } from '../host/namespaces.ts';
import { OrphanReaper } from '../host/orphans.ts';
import { PullsInFlight } from '../image/pulls-in-flight.ts';
import type { ImageService } from '../image/service.ts';
import { ImageVolumes } from '../image/snapshot/image-volumes.ts';
import { RootfsStore } from '../image/snapshot/rootfs-store.ts';
import { LayerStore } from '../image/unpack/layer-store.ts';
import type { Logger } from '../observe/logger.ts';
import { BaseSpecSource } from '../oci/base-spec-source.ts';
import { SeccompSource } from '../oci/seccomp/source.ts';
import { ExitWatcher } from '../runtime/oci-cli/exit-watcher.ts';
import { ShimHost } from '../runtime/shim-v2/shim-host.ts';
import { SandboxManager } from '../sandbox/manager.ts';
import { PodLabels } from '../sandbox/pod-labels.ts';
import { ContainerRecord, containerName, imagesOf } from '../state/container-record.ts';
import { Layout } from '../state/layout.ts';
import { LiveIndex } from '../state/live-index.ts';
import { podSnapshot } from '../state/pod-snapshot.ts';
import { RecordStore } from '../state/record-store.ts';
import { SandboxRecord, sandboxName } from '../state/sandbox-record.ts';
import { BlockDevices } from '../stats/metrics/block-devices.ts';
import { MetricsReader } from '../stats/metrics/metrics-reader.ts';
import { StatsReader } from '../stats/stats-reader.ts';
import { StreamingServer } from '../streaming/server.ts';
import { loadDefaultApparmor } from './default-apparmor.ts';
import { findSelinux } from './find-selinux.ts';
import { Handlers } from './handlers.ts';
import { findHostFacts, systemdRuns } from './host-facts.ts';
import { nodeStatus } from './node-status.ts';
import { openImages } from './open-images.ts';
import { openNetwork, ownConfDirs } from './open-network.ts';
import type { RecoveryDeps } from './recovery.ts';
import { specDefaults } from './spec-defaults.ts';

export interface Wired {
  readonly cri: CriDeps;
  readonly recovery: RecoveryDeps;
  readonly images: ImageService;
  readonly handlers: Handlers;
  readonly network: PodNetwork;
  /** Stops watching and listening; pods run on. */
  readonly close: () => Promise<void>;
}

/** Nanoseconds since the epoch, to the microsecond. */
function now(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

/** Constructs the daemon's parts. Nothing is served and nothing is recovered yet. */
export async function wire(config: Config, version: string, log: Logger): Promise<Wired> {
  const layout = new Layout(config.root, config.run);
  // First of all threads: see host/namespace-worker.ts.
  const namespaces = await PodNamespaces.start();
  const orphans = new OrphanReaper();
  const systemdRunning = systemdRuns();
  const cgroups = CgroupHost.detect({ driver: config.cri.cgroupDriver, mounts: listMounts(), systemdRunning });
  const quarantine = join(config.root, 'quarantine');
  const sandboxRecords = new RecordStore({ directory: layout.sandboxRecords, quarantine, schema: SandboxRecord });
  const containerRecords = new RecordStore({ directory: layout.containerRecords, quarantine, schema: ContainerRecord });
  const sandboxIndex = new LiveIndex<SandboxRecord>('pod sandbox', (record) => sandboxName(record.config));
  const containerIndex = new LiveIndex<ContainerRecord>('container', containerName);

  const podOf = (id: string) => podSnapshot(sandboxIndex, containerIndex, id);
  const events = new ContainerEvents({ podOf, now, log });

  const seccomp = new SeccompSource();
  const baseSpecs = new BaseSpecSource();
  const imagesInUse = () =>
    new Set([
      ...containerIndex.list().flatMap(imagesOf),
      ...sandboxIndex.list().flatMap(({ pauseImageId }) => pauseImageId ?? []),
    ]);
  const exits = new ExitWatcher({ dir: layout.exits, log });
  const shims = new ShimHost({ runDir: config.run, bundles: layout.bundlesRoot(), orphans, log });
  const network = openNetwork(config, layout, log);
  const pulls = new PullsInFlight(log);
  const layers = await LayerStore.open({
    root: join(layout.images, 'layers'),
    limits: config.images.limits,
    isBusy: () => pulls.isBusy,
    log,
  });
  const [handlers, images, rootfs, apparmorDefault] = await Promise.all([
    Handlers.prove({
      config,
      layout,
      systemdCgroup: cgroups.driver === 'systemd',
      seccomp,
      baseSpecs,
      exits,
      shims,
      orphans,
      log,
    }),
    openImages(config, layout, layers, pulls, imagesInUse, log),
    RootfsStore.open({ root: config.root, run: config.run, layers, log }),
    loadDefaultApparmor(log),
    network.start(ownConfDirs(config)),
  ]);
  const host = { ...findHostFacts(cgroups), apparmorDefault, ...findSelinux(config.cri.selinux, log) };
  const imageVolumes = new ImageVolumes({ run: config.run, rootfs });
  const volumes = new VolumeLabels();

  const containers = new ContainerManager({
    records: containerRecords,
    index: containerIndex,
    sandboxes: sandboxIndex,
    driverOf: (sandbox) => handlers.driverOf(sandbox),
    images,
    rootfs,
    imageVolumes,
    volumes,
    cgroups,
    seccomp,
    baseSpecs,
    layout,
    host,
    settings: { specDefaults: specDefaults(config) },
    queue: new KeyedQueue(),
    events,
    log,
    now,
  });
  const sandboxes = new SandboxManager({
    records: sandboxRecords,
    index: sandboxIndex,
    handlers,
    network,
    namespaces,
    containers,
    images,
    rootfs,
    cgroups,
    seccomp,
    labels: new PodLabels({ host, index: sandboxIndex }),
    layout,
    host,
    settings: config.cri,
    queue: new KeyedQueue(),
    events,
    log,
    now,
  });
  const measured = {
    ...{ cgroups, namespaces, layout, log },
    driverOf: (sandbox: SandboxRecord) => handlers.driverOf(sandbox),
    writableLayer: (id: string) => rootfs.usage(id),
    containers: containerIndex,
    sandboxes: sandboxIndex,
  };
  const stats = new StatsReader({ ...measured, writableMountpoint: layout.images });
  const writable = { mountpoint: layout.images, device: mountOf(layout.images, listMounts())?.source ?? '' };
  const metrics = new MetricsReader({ ...measured, writable, devices: new BlockDevices() });
  const streaming = await StreamingServer.start({
    ...config.streaming,
    tls: tlsPaths(config.streaming),
    runtime: {
      exec: (request, streams) => containers.exec(request, streams),
      attach: ({ containerId }, streams) => containers.attach(containerId, streams),
      connect: (sandboxId, port) => sandboxes.connectToPort(sandboxId, port),
    },
    log,
  });
  const status = nodeStatus({ host, network, handlers, events, cgroupDriver: cgroups.driver, version });
  return {
    cri: {
      ...{
        sandboxes,
        containers,
        sandboxIndex,
        containerIndex,
        images,
        stats,
        metrics,
        events,
        streaming,
        status,
        layout,
        version,
        log,
      },
      cgroupDriver: cgroups.driver,
      writableLayer: (id) => rootfs.usage(id),
      networkResult: (sandboxId) => network.resultOf(sandboxId),
    },
    recovery: {
      ...{ sandboxRecords, containerRecords, sandboxIndex, containerIndex, sandboxes, containers, namespaces },
      ...{ rootfs, imageVolumes, network, layout, log },
      drivers: () => handlers.drivers(),
    },
    images,
    handlers,
    network,
    close: async () => {
      await streaming.close();
      containers.close();
      sandboxes.close();
      network.stop();
      exits.close();
      await shims.close();
      orphans.close();
      await volumes.close();
      await Promise.all([handlers.close(), images.close(), rootfs.close(), layers.close(), namespaces.stop()]);
    },
  };
}

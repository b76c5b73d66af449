// Opens the pod network as configured: CNI configurations of the node, or the embedded bridge when standalone.
import { bridgeNetwork } from '../cni/bridge-network.ts';
import { PodNetwork } from '../cni/pod-network.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';
import type { Layout } from '../state/layout.ts';

/** Directories of handlers whose pods have a network of their own. */
export function ownConfDirs({ runtimes }: Config): string[] {
  return Object.values(runtimes).flatMap(({ cniConfDir }) => cniConfDir ?? []);
}

/** The network, not started yet. */
export function openNetwork(config: Config, layout: Layout, log: Logger): PodNetwork {
  const { confDirs, binDirs, pluginTimeoutMs } = config.network;
  const embedded = bridgeNetwork({ name: 'crisol', bridge: 'crisol0', hostPorts: true, dataDir: layout.leases });
  return new PodNetwork({
    ...(config.standalone ? { confDirs: undefined, embedded } : { confDirs }),
    binDirs,
    cacheDir: layout.cniCache,
    pluginTimeoutMs,
    log,
  });
}

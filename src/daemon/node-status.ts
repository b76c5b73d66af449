// What Status tells of this node: network, handlers, and what the host does not allow.
import type { Config } from '../config/schema.ts';
import type { NodeStatus } from '../cri/deps.ts';
import type { HostFacts } from '../oci/spec-input.ts';

interface StatusSources {
  readonly config: Config;
  readonly host: Omit<HostFacts, 'hostDevices'>;
  readonly network: {
    status(): { readonly ready: boolean; readonly reason: string; readonly message: string };
    info(): unknown;
  };
  readonly handlers: { statuses(): NodeStatus['handlers'] };
  readonly events: { readonly counters: object };
  readonly cgroupDriver: string;
  readonly version: string;
}

/** A function that tells the node's status from memory. */
export function nodeStatus(sources: StatusSources): () => NodeStatus {
  const { config, host, network, handlers, events, cgroupDriver, version } = sources;
  const limits = hostLimits(host);
  return () => ({
    network: network.status(),
    handlers: handlers.statuses(),
    limits,
    info: () => ({
      config: { ...config, stateDir: config.run },
      cniconfig: network.info(),
      handlers: handlers.statuses(),
      host: { ...host, boundingCapabilities: host.boundingCapabilities.toString(16), cgroupDriver },
      events: events.counters,
      version,
    }),
  });
}

function hostLimits(host: StatusSources['host']): NodeStatus['limits'] {
  if (host.canLowerOomScore) return [];
  const message = `no CAP_SYS_RESOURCE: OOM scores below ${host.ownOomScoreAdj} are raised to it`;
  return [{ type: 'OOMScoresUnrestricted', reason: 'MissingCapability', message }];
}

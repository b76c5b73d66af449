// What Status tells of this node: network, handlers, and what the host does not allow.
import type { Config } from '../config/schema.ts';
import type { NodeStatus } from '../cri/deps.ts';
import { withCure } from '../errors.ts';
import type { HostFacts } from '../oci/spec-input.ts';

interface StatusSources {
  readonly host: Omit<HostFacts, 'hostDevices'>;
  readonly network: {
    status(confDir?: string): NodeStatus['network'];
    info(): unknown;
  };
  readonly handlers: { reports(): NodeStatus['handlers']; readonly config: Config };
  readonly events: { readonly counters: object };
  readonly cgroupDriver: string;
  readonly version: string;
}

/** A function that tells the node's status from memory. */
export function nodeStatus(sources: StatusSources): () => NodeStatus {
  const { host, network, handlers, events, cgroupDriver, version } = sources;
  const limits = hostLimits(host);
  return () => ({
    runtime: runtimeStatus(handlers.reports()),
    network: network.status(confDirOf(handlers.config, handlers.config.cri.defaultRuntime)),
    ownNetworks: ownNetworks(sources),
    handlers: handlers.reports(),
    limits,
    info: () => ({
      config: { ...handlers.config, stateDir: handlers.config.run },
      cniconfig: network.info(),
      handlers: handlers.reports(),
      host: { ...host, boundingCapabilities: host.boundingCapabilities.toString(16), cgroupDriver },
      events: events.counters,
      version,
    }),
  });
}

// The kubelet takes a node whose runtime is not ready out of service. The other handlers may serve on all the same: what
// each can do is in a condition of its own.
function runtimeStatus(handlers: NodeStatus['handlers']): NodeStatus['runtime'] {
  const standard = handlers.find(({ isDefault }) => isDefault);
  if (standard?.state === 'ready') return { ready: true, reason: '', message: '' };
  const why = standard === undefined ? 'it is not configured' : withCure(standard.reason, standard.cure);
  return { ready: false, reason: 'DefaultHandlerFailed', message: `the default runtime handler does not work: ${why}` };
}

function confDirOf({ runtimes }: Config, handler: string): string | undefined {
  return runtimes[handler]?.cniConfDir;
}

/** Of the handlers whose pods have another network than those of the default handler. */
function ownNetworks({ network, handlers }: StatusSources): NodeStatus['ownNetworks'] {
  const { config } = handlers;
  const standard = confDirOf(config, config.cri.defaultRuntime);
  return Object.keys(config.runtimes).flatMap((name) => {
    const confDir = confDirOf(config, name);
    return confDir === standard ? [] : [{ name, ...network.status(confDir) }];
  });
}

function hostLimits(host: StatusSources['host']): NodeStatus['limits'] {
  if (host.canLowerOomScore) return [];
  const message = `no CAP_SYS_RESOURCE: OOM scores below ${host.ownOomScoreAdj} are raised to it`;
  return [{ type: 'OOMScoresUnrestricted', reason: 'MissingCapability', message }];
}

// Version, Status, RuntimeConfig, UpdateRuntimeConfig.
import { withCure } from '../errors.ts';
import type { RuntimeHandlerInput } from '../gen/runtime/v1/RuntimeHandler.ts';
import type { RuntimeServiceHandlers } from '../gen/runtime/v1/RuntimeService.ts';
import type { UnaryTable } from '../rpc/service.ts';
import type { CriDeps, HandlerReport, NodeStatus, Readiness } from './deps.ts';

type InfoRpcs = Pick<
  UnaryTable<RuntimeServiceHandlers>,
  'Version' | 'Status' | 'RuntimeConfig' | 'UpdateRuntimeConfig'
>;

/** The kubelet's own protocol version, not the CRI's. */
const KUBELET_API_VERSION = '0.1.0';

export function infoRpcs(deps: CriDeps): InfoRpcs {
  return {
    Version: () => ({
      version: KUBELET_API_VERSION,
      runtimeName: 'crisol',
      runtimeVersion: deps.version,
      runtimeApiVersion: 'v1',
    }),
    Status: ({ verbose }) => {
      const status = deps.status();
      return {
        status: { conditions: conditions(status) },
        runtimeHandlers: runtimeHandlers(status.handlers),
        features: { supplementalGroupsPolicy: true, userNamespacesHostNetwork: true, mountOptions: true },
        info: verbose ? toJson(status.info()) : {},
      };
    },
    RuntimeConfig: () => ({ linux: { cgroupDriver: deps.cgroupDriver === 'systemd' ? 'SYSTEMD' : 'CGROUPFS' } }),
    // Pod networks are configured by CNI; the node's pod CIDR changes nothing here.
    UpdateRuntimeConfig: ({ runtimeConfig }, { log }) => {
      log.info({ podCidr: runtimeConfig?.networkConfig?.podCidr ?? '' }, 'pod CIDR noted');
      return {};
    },
  };
}

/** The CRI's view: every handler, and the default one once more under ''. */
function runtimeHandlers(handlers: readonly HandlerReport[]): RuntimeHandlerInput[] {
  const has = (handler: HandlerReport, feature: string): boolean =>
    handler.features.some(({ name, value }) => name === feature && value);
  const named = handlers.map((handler) => ({
    name: handler.name,
    features: {
      recursiveReadOnlyMounts: has(handler, 'recursive_read_only_mounts'),
      userNamespaces: has(handler, 'user_namespaces'),
    },
  }));
  const standard = named[handlers.findIndex(({ isDefault }) => isDefault)];
  return standard === undefined ? named : [{ ...standard, name: '' }, ...named];
}

function conditions(status: NodeStatus): { type: string; status: boolean; reason: string; message: string }[] {
  return [
    { type: 'RuntimeReady', ...rename(status.runtime) },
    { type: 'NetworkReady', ...rename(status.network) },
    ...status.handlers.map(({ name, state, reason, cure }) => ({
      type: `HandlerReady/${name}`,
      status: state === 'ready',
      reason: state === 'ready' ? '' : 'PreflightFailed',
      message: withCure(reason, cure),
    })),
    ...status.ownNetworks.map(({ name, ...network }) => ({ type: `NetworkReady/${name}`, ...rename(network) })),
    ...status.limits.map((limit) => ({ ...limit, status: false })),
  ];
}

function rename({ ready, reason, message }: Readiness): { status: boolean; reason: string; message: string } {
  return { status: ready, reason, message };
}

/** Verbose info as the CRI wants it: JSON texts by name. */
export function toJson(info: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(info).map(([key, value]) => [key, JSON.stringify(value)]));
}

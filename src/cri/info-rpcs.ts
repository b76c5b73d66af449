// Version, Status, RuntimeConfig, UpdateRuntimeConfig.
import type { RuntimeServiceHandlers } from '../gen/runtime/v1/RuntimeService.ts';
import type { UnaryTable } from '../rpc/service.ts';
import type { CriDeps, NodeStatus } from './deps.ts';

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
        runtimeHandlers: status.handlers.map(({ name, recursiveReadOnlyMounts, userNamespaces }) => ({
          name,
          features: { recursiveReadOnlyMounts, userNamespaces },
        })),
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

function conditions(status: NodeStatus): { type: string; status: boolean; reason: string; message: string }[] {
  return [
    { type: 'RuntimeReady', status: true, reason: '', message: '' },
    { type: 'NetworkReady', ...rename(status.network) },
    ...status.handlers
      .filter(({ name }) => name !== '')
      .map(({ name, ready, reason }) => ({
        type: `HandlerReady/${name}`,
        status: ready,
        reason: ready ? '' : 'PreflightFailed',
        message: reason,
      })),
    ...status.limits.map((limit) => ({ ...limit, status: false })),
  ];
}

function rename({ ready, reason, message }: NodeStatus['network']): {
  status: boolean;
  reason: string;
  message: string;
} {
  return { status: ready, reason, message };
}

/** Verbose info as the CRI wants it: JSON texts by name. */
export function toJson(info: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(info).map(([key, value]) => [key, JSON.stringify(value)]));
}

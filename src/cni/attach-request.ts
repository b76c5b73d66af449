// What the sandbox asks of the network, and its translation into CNI's arguments and capabilities.
import { invalidArgument } from '../errors.ts';
import { bandwidthOf } from './bandwidth.ts';
import type { PortMapping } from './port-mappings.ts';

export interface AttachRequest {
  readonly sandboxId: string;
  readonly netnsPath: string;
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  /** The pod's handler, when its pods have a network of their own, and the directory of that. */
  readonly own?: { readonly handler: string; readonly confDir: string };
  readonly portMappings: readonly PortMapping[];
  readonly dns?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  /** The pod's; `kubernetes.io/ingress-bandwidth` and `.../egress-bandwidth` limit its traffic. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroupPath?: string;
  /** Addresses with prefix length to be given instead of any free ones. */
  readonly ips?: readonly string[];
  /** The hardware address to be given instead of a random one. */
  readonly mac?: string;
}

/** Values by capability name; only what the pod asks for. @see CNI conventions, "dynamic plugin specific fields" */
export function runtimeConfigOf(request: AttachRequest): Record<string, unknown> {
  const { portMappings, dns, annotations, cgroupPath, ips, mac } = request;
  const wanted = {
    portMappings:
      portMappings.length === 0
        ? undefined
        : portMappings.map(({ hostIp, ...ports }) => (hostIp === '' ? ports : { ...ports, hostIP: hostIp })),
    bandwidth: bandwidthOf(annotations),
    dns,
    cgroupPath,
    ips,
    mac,
    'io.kubernetes.cri.pod-annotations': Object.keys(annotations).length === 0 ? undefined : annotations,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

/**
 * CNI_ARGS for a pod.
 * @throws invalid-argument when a name would break the format, which has no quoting
 */
export function cniArgsOf({ sandboxId, podName, podNamespace, podUid }: AttachRequest): string {
  const pod = {
    K8S_POD_NAMESPACE: podNamespace,
    K8S_POD_NAME: podName,
    K8S_POD_INFRA_CONTAINER_ID: sandboxId,
    K8S_POD_UID: podUid,
  };
  const parts = Object.entries(pod).map(([name, value]) => {
    if (/[;=\0]/.test(value)) throw invalidArgument(`pod name, namespace or uid "${value}" must not hold ";" or "="`);
    return `${name}=${value}`;
  });
  return ['IgnoreUnknown=1', ...parts].join(';');
}

// A pod's request to the network, from its config.
import { toPortMappings } from '../cni/port-mappings.ts';
import { netnsPath } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import type { SandboxDeps } from './deps.ts';

/** Attaches a pod to the network and returns its addresses, the primary first. */
export async function attachNetwork(deps: SandboxDeps, record: SandboxRecord): Promise<readonly string[]> {
  const { config } = record;
  const dns = config.dnsConfig;
  const attachment = await deps.network.attach({
    sandboxId: record.id,
    netnsPath: netnsPath(deps.layout, record.id),
    podName: config.metadata?.name ?? '',
    podNamespace: config.metadata?.namespace ?? '',
    podUid: config.metadata?.uid ?? '',
    portMappings: toPortMappings(config.portMappings),
    ...(dns === null ? {} : { dns: { servers: dns.servers, searches: dns.searches, options: dns.options } }),
    annotations: config.annotations,
    cgroupPath: deps.cgroups.podPath(record.cgroupParent),
  });
  return attachment.ips;
}

// A pod's request to the network, from its config, and the end of it.
import { isIPv4 } from 'node:net';
import { INTERFACE_NAME } from '../cni/network.ts';
import { toPortMappings } from '../cni/port-mappings.ts';
import { netnsPath } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { isPinnedNamespace } from '../host/pinned-namespace.ts';
import { closeFd, setInterfaceAddress } from '../host/kernel.ts';
import { errorMessage } from '../errors.ts';
import type { SandboxDeps } from './deps.ts';

/** Attaches a pod to the network and returns its addresses, the primary first. */
export async function attachNetwork(deps: SandboxDeps, record: SandboxRecord): Promise<readonly string[]> {
  const { config, handler } = record;
  const dns = config.dnsConfig;
  const attachment = await deps.network.attach({
    sandboxId: record.id,
    netnsPath: netnsPath(deps.layout, record.id),
    podName: config.metadata?.name ?? '',
    podNamespace: config.metadata?.namespace ?? '',
    podUid: config.metadata?.uid ?? '',
    ...(handler.cniConfDir === null ? {} : { own: { handler: handler.name, confDir: handler.cniConfDir } }),
    portMappings: toPortMappings(config.portMappings),
    ...(dns === null ? {} : { dns: { servers: dns.servers, searches: dns.searches, options: dns.options } }),
    annotations: config.annotations,
    cgroupPath: deps.cgroups.podPath(record.cgroupParent),
  });
  return attachment.ips;
}

/** Takes a pod off the network. May be repeated. */
export async function detachNetwork(deps: SandboxDeps, record: SandboxRecord): Promise<void> {
  await returnAddresses(deps, record).catch((error: unknown) =>
    deps.log.warn({ sandboxId: record.id, reason: errorMessage(error) }, 'cannot give an interface its address back'),
  );
  const netns = netnsPath(deps.layout, record.id);
  // Plugins refuse a path that is no namespace, but give back what they hold when they are told that it is gone.
  const confDir = record.handler.cniConfDir ?? undefined;
  await deps.network.detach(record.id, isPinnedNamespace(netns) ? netns : undefined, confDir);
}

// A sandbox with a network stack of its own has taken the address off the interface. The bridge plugin finds the rules
// it made by the addresses it finds there, and would leave them behind.
async function returnAddresses({ handlers, namespaces, layout }: SandboxDeps, record: SandboxRecord): Promise<void> {
  const path = netnsPath(layout, record.id);
  const address = record.ips.find((ip) => isIPv4(ip));
  const { portForward } = handlers.driverOf(record).features;
  if (portForward === 'netns' || address === undefined || !isPinnedNamespace(path)) return;
  const fd = await namespaces.podSocket(path, 4);
  try {
    setInterfaceAddress(fd, INTERFACE_NAME, address);
  } finally {
    closeFd(fd);
  }
}

// Which kernel parameters a pod may set: those of namespaces that are its own.
import { invalidArgument } from '../errors.ts';

// So that unprivileged programs may listen on low ports and ping inside the pod, as with the other runtimes.
const NETWORK_DEFAULTS: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
};

const IPC_NAMES = /^(kernel\.(shm[a-z_]*|msg[a-z_]*|sem|auto_msgmni)|fs\.mqueue\..+)$/;

interface OwnNamespaces {
  readonly podNet: boolean;
  readonly podIpc: boolean;
}

/**
 * The parameters to write into a new pod's namespaces, names in dotted form, with the defaults added.
 * @throws invalid-argument for a parameter of the whole host or of a namespace the pod shares with it
 */
export function checkSysctls(
  sysctls: Readonly<Record<string, string>>,
  { podNet, podIpc }: OwnNamespaces,
): Record<string, string> {
  const result: Record<string, string> = podNet ? { ...NETWORK_DEFAULTS } : {};
  for (const [name, value] of Object.entries(sysctls)) {
    const dotted = toDotted(name);
    if (!isOwned(dotted, name, { podNet, podIpc })) {
      throw invalidArgument(`sysctl "${name}" is not of a namespace and cannot be set for one pod`);
    }
    result[dotted] = value;
  }
  return result;
}

function isOwned(dotted: string, name: string, { podNet, podIpc }: OwnNamespaces): boolean {
  if (!/^[a-z0-9_]+([./][A-Za-z0-9_-]+)+$/.test(dotted)) return false;
  if (dotted.startsWith('net.')) {
    if (!podNet) throw invalidArgument(`sysctl "${name}" needs a network namespace of the pod's own`);
    return true;
  }
  if (!IPC_NAMES.test(dotted)) return false;
  if (!podIpc) throw invalidArgument(`sysctl "${name}" needs an ipc namespace of the pod's own`);
  return true;
}

// `net/ipv4/conf/eth0.1/arp_ignore` says by its first separator that a dot is part of a name.
function toDotted(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '/') return name;
  return name.replace(/[./]/g, (sign) => (sign === '/' ? '.' : '/'));
}

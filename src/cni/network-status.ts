// The network's readiness in the words that kubelet and its users read.
import type { NetworkConf } from './conf-schema.ts';

export interface NetworkStatus {
  readonly ready: boolean;
  /** `NetworkPluginNotReady` when it is not; empty when it is. */
  readonly reason: string;
  readonly message: string;
  readonly networkName?: string;
}

function quoteAll(paths: readonly string[]): string {
  return paths.map((path) => `"${path}"`).join(' or ');
}

/** @param problem why the plugins of the network would fail now, if so */
export function networkStatus(
  { network, problems }: { readonly network: NetworkConf | undefined; readonly problems: readonly string[] },
  problem: string | undefined,
  confDirs: readonly string[] | undefined,
): NetworkStatus {
  const reason = 'NetworkPluginNotReady';
  if (network === undefined) {
    const cure =
      confDirs === undefined
        ? 'no network is configured: name a directory of CNI configurations'
        : `no CNI configuration in ${quoteAll(confDirs)}: install a network add-on or put a .conflist file there`;
    return { ready: false, reason, message: [cure, ...problems].join('; ') };
  }
  if (problem !== undefined) return { ready: false, reason, message: problem, networkName: network.name };
  return { ready: true, reason: '', message: '', networkName: network.name };
}

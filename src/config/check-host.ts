// The second pass over a configuration: does this host have what it names? Reads the host, changes nothing.
import { checkHandlers } from './check-handlers.ts';
import { checkPlaces } from './check-places.ts';
import { checkStreaming } from './check-streaming.ts';
import { THIS_HOST, type HostFacts, type HostFinding } from './host-facts.ts';
import type { Config } from './schema.ts';

/** Everything about the host that does not suit `config`; empty when all is well. */
export function checkHost(config: Config, facts: HostFacts = THIS_HOST): HostFinding[] {
  return [
    ...checkPlaces(config, facts),
    ...checkHandlers(config, facts),
    ...checkNetwork(config, facts),
    ...checkStreaming(config),
    ...checkSelinux(config, facts),
  ];
}

function checkSelinux({ cri }: Config, facts: HostFacts): HostFinding[] {
  if (cri.selinux !== true || facts.hasSelinux()) return [];
  const message =
    'SELinux is not enabled on this host, and containers get no labels: boot with it, or leave the key out';
  return [{ severity: 'warning', key: 'cri.selinux', message }];
}

function checkNetwork({ network, standalone, runtimes }: Config, facts: HostFacts): HostFinding[] {
  const findings: HostFinding[] = [];
  const hasDirectory = (paths: readonly string[]): boolean => paths.some((path) => facts.kindOf(path) === 'directory');
  if (!hasDirectory(network.binDirs)) {
    const message = 'none of these directories exists: install the CNI plugins (Debian: containernetworking-plugins)';
    findings.push({ severity: 'warning', key: 'network.bin_dirs', message });
  }
  if (!standalone && !hasDirectory(network.confDirs)) {
    const message = 'none of these directories exists yet: pods have no network until a CNI configuration is there';
    findings.push({ severity: 'warning', key: 'network.conf_dirs', message });
  }
  for (const [name, { cniConfDir }] of Object.entries(runtimes)) {
    if (cniConfDir === undefined || hasDirectory([cniConfDir])) continue;
    const message = `there is no directory "${cniConfDir}" yet: pods of this handler have no network until a CNI configuration is there`;
    findings.push({ severity: 'warning', key: `runtimes.${name}.cni_conf_dir`, message });
  }
  return findings;
}

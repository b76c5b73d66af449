// Finds the hosts that may serve a registry's images: its own configured directory, `_default`, or just itself.
import { join } from 'node:path';
import { defaultHost, isLoopback, type RegistryHost } from './host.ts';
import { readHostsDirectory } from './hosts-file.ts';

function directoryNames(domain: string): readonly string[] {
  const withPort = /^(.*):(\d+)$/.exec(domain);
  // `host_port_` is how containerd spells a port where a colon is not welcome in file names.
  return withPort === null ? [domain] : [domain, `${withPort[1] ?? ''}_${withPort[2] ?? ''}_`];
}

/**
 * The hosts for `domain`, in the order to try them. The directories are read at each call, so an edit counts for the
 * next pull.
 * @param hostsDirs configuration directories such as /etc/containerd/certs.d; the first one that knows the domain wins
 * @throws failed-precondition when a configuration file cannot be understood
 */
export async function resolveHosts(hostsDirs: readonly string[], domain: string): Promise<readonly RegistryHost[]> {
  for (const name of [...directoryNames(domain), ...(isLoopback(domain) ? [] : ['_default'])]) {
    for (const directory of hostsDirs) {
      const hosts = await readHostsDirectory(join(directory, name), domain);
      if (hosts !== undefined) return hosts;
    }
  }
  return [defaultHost(domain)];
}

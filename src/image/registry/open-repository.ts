// Puts together what a pull needs to talk to a repository: hosts and credentials.
import { failedPrecondition } from '../../errors.ts';
import type { Downloads } from '../download/downloads.ts';
import type { Reference } from '../reference.ts';
import { credentialsFor, type RegistryAuth } from './credentials.ts';
import { resolveHosts } from './hosts.ts';
import { Repository } from './repository.ts';
import type { HostSeed } from './seed.ts';

export interface RegistryAccess {
  readonly downloads: Downloads;
  /** Directories of `HOST/hosts.toml`, in the order to look. */
  readonly hostsDirs: readonly string[];
  /** docker's config.json with the node's own credentials. */
  readonly dockerConfigPath?: string | undefined;
  /** Largest manifest or index that is read. */
  readonly maxManifestBytes: number;
}

/** The hosts of a reference in order, with the caller's credentials. Reads configuration files, sends nothing. */
export async function hostsOf(
  access: RegistryAccess,
  reference: Reference,
  auth: RegistryAuth | undefined,
): Promise<readonly HostSeed[]> {
  const hosts = await resolveHosts(access.hostsDirs, reference.domain);
  if (hosts.length === 0) throw failedPrecondition(`no host is configured for registry "${reference.domain}"`);
  const seeds: HostSeed[] = [];
  for (const host of hosts) {
    const credentials = await credentialsFor(host, auth, access.dockerConfigPath);
    seeds.push({ host: { ...host, url: host.url.href }, credentials });
  }
  return seeds;
}

/** The repository of a reference as these hosts show it. */
export function repositoryAt(
  { downloads, maxManifestBytes }: RegistryAccess,
  { path, domain }: Reference,
  hosts: readonly HostSeed[],
): Repository {
  return new Repository({ seed: { path, domain, hosts }, downloads, maxManifestBytes });
}

/** The repository of a reference, seen with the caller's credentials. Reads configuration files, sends nothing. */
export async function openRepository(
  access: RegistryAccess,
  reference: Reference,
  auth: RegistryAuth | undefined,
): Promise<Repository> {
  return repositoryAt(access, reference, await hostsOf(access, reference, auth));
}

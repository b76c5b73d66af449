// Puts together what a pull needs to talk to a repository: hosts, credentials, connections.
import { failedPrecondition } from '../../errors.ts';
import type { Downloads } from '../download/downloads.ts';
import type { Reference } from '../reference.ts';
import type { AgentPool } from './agents.ts';
import { RegistryClient } from './client.ts';
import { credentialsFor, type RegistryAuth } from './credentials.ts';
import { resolveHosts } from './hosts.ts';
import { Repository } from './repository.ts';

export interface RegistryAccess {
  readonly agents: AgentPool;
  readonly downloads: Downloads;
  /** Directories of `HOST/hosts.toml`, in the order to look. */
  readonly hostsDirs: readonly string[];
  /** docker's config.json with the node's own credentials. */
  readonly dockerConfigPath?: string | undefined;
  /** Largest manifest or index that is read. */
  readonly maxManifestBytes: number;
}

/** The hosts of a reference in order, with the caller's credentials. Reads configuration files, sends nothing. */
export async function openClients(
  access: RegistryAccess,
  reference: Reference,
  auth: RegistryAuth | undefined,
): Promise<readonly RegistryClient[]> {
  const hosts = await resolveHosts(access.hostsDirs, reference.domain);
  if (hosts.length === 0) throw failedPrecondition(`no host is configured for registry "${reference.domain}"`);
  const clients: RegistryClient[] = [];
  for (const host of hosts) {
    const credentials = await credentialsFor(host, auth, access.dockerConfigPath);
    clients.push(new RegistryClient({ host, repository: reference.path, credentials, agents: access.agents }));
  }
  return clients;
}

/** The repository of a reference as these hosts show it. */
export function repositoryOfClients(
  { downloads, maxManifestBytes }: RegistryAccess,
  { path, domain }: Reference,
  clients: readonly RegistryClient[],
): Repository {
  return new Repository({ path, domain, clients, downloads, maxManifestBytes });
}

/** The repository of a reference, seen with the caller's credentials. Reads configuration files, sends nothing. */
export async function openRepository(
  access: RegistryAccess,
  reference: Reference,
  auth: RegistryAuth | undefined,
): Promise<Repository> {
  return repositoryOfClients(access, reference, await openClients(access, reference, auth));
}

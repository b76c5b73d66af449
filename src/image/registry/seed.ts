// A repository as plain data, so that another thread can talk to it with the same hosts and credentials.
import type { AgentPool } from './agents.ts';
import { RegistryClient, type HostSeed } from './client.ts';

export interface RepositorySeed {
  /** The registry's own name for it, such as `library/busybox`. */
  readonly path: string;
  /** The registry that is meant; mirrors are told. */
  readonly domain: string;
  /** Mirrors first. */
  readonly hosts: readonly HostSeed[];
}

/** The clients that a seed describes. */
export function growClients(seed: RepositorySeed, agents: AgentPool): readonly RegistryClient[] {
  return seed.hosts.map(
    ({ host, credentials, authorization }) =>
      new RegistryClient({
        host: { ...host, url: new URL(host.url) },
        repository: seed.path,
        credentials,
        agents,
        authorization,
      }),
  );
}

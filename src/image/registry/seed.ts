// A repository as plain data: what the main thread knows of it, and all that the thread which talks to registries needs.
import type { AgentPool } from './agents.ts';
import { RegistryClient } from './client.ts';
import type { Credentials } from './credentials.ts';
import type { RegistryHost } from './host.ts';

/** One host of a repository; secrets included, so it goes from thread to thread and nowhere else. */
export interface HostSeed {
  readonly host: Omit<RegistryHost, 'url'> & { readonly url: string };
  readonly credentials: Credentials;
}

export interface RepositorySeed {
  /** The registry's own name for it, such as `library/busybox`. */
  readonly path: string;
  /** The registry that is meant; mirrors are told. */
  readonly domain: string;
  /** Mirrors first. */
  readonly hosts: readonly HostSeed[];
}

/** A seed with clients of its hosts. */
export interface GrownRepository extends Pick<RepositorySeed, 'path' | 'domain'> {
  /** Mirrors first. */
  readonly clients: readonly RegistryClient[];
}

/** For the thread that talks to registries. */
export function growRepository({ path, domain, hosts }: RepositorySeed, agents: AgentPool): GrownRepository {
  const clients = hosts.map(
    ({ host, credentials }) =>
      new RegistryClient({ host: { ...host, url: new URL(host.url) }, repository: path, domain, credentials, agents }),
  );
  return { path, domain, clients };
}

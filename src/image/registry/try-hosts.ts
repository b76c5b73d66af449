// Asks the mirrors in order, then the registry, until one of them delivers.
import { DaemonError, errorCode, errorMessage } from '../../errors.ts';
import type { RegistryClient } from './client.ts';
import { registryUnavailable } from './errors.ts';
import type { Capability } from './host.ts';

/**
 * The first success of `task`. A failing host is left for the next one; the last host's error is thrown, with what
 * the earlier ones said behind it.
 * @throws unavailable when no host has the capability
 */
export async function tryHosts<T>(
  clients: readonly RegistryClient[],
  capability: Capability,
  signal: AbortSignal,
  task: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const failures: { readonly name: string; readonly error: unknown }[] = [];
  for (const client of clients) {
    if (!client.host.capabilities.includes(capability)) continue;
    try {
      return await task(client);
    } catch (error) {
      if (signal.aborted || errorCode(error) === 'resource-exhausted') throw error;
      failures.push({ name: client.name, error });
    }
  }
  const last = failures.pop();
  if (last === undefined) {
    const names = clients.map((client) => client.name).join(', ');
    throw registryUnavailable(names, `hosts.toml gives none of its hosts the capability "${capability}"`);
  }
  if (failures.length === 0) throw last.error;
  const others = failures.map(({ name, error }) => `"${name}": ${errorMessage(error)}`).join('; ');
  const message = `${errorMessage(last.error)}; tried before: ${others}`;
  throw new DaemonError(errorCode(last.error), message, last.error);
}

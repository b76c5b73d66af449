// Asks every host that may serve an image, in the order a pull would, and tells what each of them said.
import { errorMessage } from '../../errors.ts';
import type { Reference } from '../reference.ts';
import type { RegistryClient } from './client.ts';
import { openClients, repositoryOfClients, type RegistryAccess } from './open-repository.ts';

/** One host as a pull would meet it. */
export interface Endpoint {
  /** Up to and with `/v2`. */
  readonly url: string;
  readonly role: 'mirror' | 'registry';
  readonly capabilities: readonly string[];
  readonly tls: string;
  /** Where credentials come from; never what they are. */
  readonly auth: string;
  /** What the host said to the reference, in words. */
  readonly answer: string;
}

/**
 * The endpoints for a reference, in order, each asked for its manifest. A pull stops at the first that delivers; here
 * all are asked.
 * @throws failed-precondition when the configuration cannot be read
 */
export async function explainRegistry(
  access: RegistryAccess,
  reference: Reference,
  signal: AbortSignal,
): Promise<readonly Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const client of await openClients(access, reference, undefined)) {
    const { host, credentials } = client.seed;
    endpoints.push({
      url: host.url,
      role: host.isMirror ? 'mirror' : 'registry',
      capabilities: host.capabilities,
      tls: describeTls(client),
      auth: credentials.kind === 'anonymous' ? 'none' : `${credentials.kind} of ${access.dockerConfigPath ?? ''}`,
      answer: await ask(access, client, reference, signal),
    });
  }
  return endpoints;
}

async function ask(
  access: RegistryAccess,
  client: RegistryClient,
  reference: Reference,
  signal: AbortSignal,
): Promise<string> {
  const started = performance.now();
  try {
    const repository = repositoryOfClients(access, reference, [client]);
    const wanted = reference.digest ?? reference.tag ?? 'latest';
    const { digest, mediaType } = await repository.manifest(wanted, signal);
    return `has ${digest} (${mediaType}), ${Math.round(performance.now() - started)} ms`;
  } catch (error) {
    return errorMessage(error);
  }
}

function describeTls({ host: { url, tls } }: RegistryClient): string {
  if (url.protocol === 'http:') return 'no TLS';
  if (tls.skipVerify) return 'not verified';
  const own = tls.ca.length === 0 ? [] : [`${tls.ca.length} CAs of its own`];
  const client = tls.clients.length === 0 ? [] : ['a client certificate'];
  return ['verified', ...own, ...client].join(', ');
}

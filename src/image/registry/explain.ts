// Asks every host that may serve an image, in the order a pull would, and tells what each of them said.
import { errorMessage } from '../../errors.ts';
import type { Reference } from '../reference.ts';
import { hostsOf, repositoryAt, type RegistryAccess } from './open-repository.ts';
import type { HostSeed } from './seed.ts';

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
  for (const seed of await hostsOf(access, reference, undefined)) {
    const { host, credentials } = seed;
    endpoints.push({
      url: host.url,
      role: host.isMirror ? 'mirror' : 'registry',
      capabilities: host.capabilities,
      tls: describeTls(seed),
      auth: credentials.kind === 'anonymous' ? 'none' : `${credentials.kind} of ${access.dockerConfigPath ?? ''}`,
      answer: await ask(access, seed, reference, signal),
    });
  }
  return endpoints;
}

async function ask(access: RegistryAccess, host: HostSeed, reference: Reference, signal: AbortSignal): Promise<string> {
  const started = performance.now();
  try {
    const repository = repositoryAt(access, reference, [host]);
    const wanted = reference.digest ?? reference.tag ?? 'latest';
    const { digest, mediaType } = await repository.manifest(wanted, signal);
    return `has ${digest} (${mediaType}), ${Math.round(performance.now() - started)} ms`;
  } catch (error) {
    return errorMessage(error);
  }
}

function describeTls({ host: { url, tls } }: HostSeed): string {
  if (url.startsWith('http:')) return 'no TLS';
  if (tls.skipVerify) return 'not verified';
  const own = tls.ca.length === 0 ? [] : [`${tls.ca.length} CAs of its own`];
  const client = tls.clients.length === 0 ? [] : ['a client certificate'];
  return ['verified', ...own, ...client].join(', ');
}

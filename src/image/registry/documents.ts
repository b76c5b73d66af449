// Manifests and small blobs, read whole from whichever host delivers them, and proven. For the thread that talks to
// registries.
import { DaemonError } from '../../errors.ts';
import { digestOf, isDigest, matchesDigest } from '../digest.ts';
import { MANIFEST_TYPES } from '../media-types.ts';
import type { Descriptor } from '../schema.ts';
import { readLimited } from './body.ts';
import { headerOf, type RegistryClient } from './client.ts';
import { fromTransport, registryUnavailable } from './errors.ts';
import type { GrownRepository } from './seed.ts';
import { tryHosts } from './try-hosts.ts';

/** What to read. */
export type DocumentName =
  | { readonly kind: 'manifest'; readonly tagOrDigest: string; readonly limitBytes: number }
  | { readonly kind: 'blob'; readonly descriptor: Descriptor; readonly limitBytes: number };

export interface FetchedDocument {
  readonly bytes: Uint8Array;
  readonly digest: string;
  /** As the registry's header says; a document may know better. */
  readonly mediaType: string;
}

/** @throws data-loss when a registry sends something else than the digest it was asked for or claims, or too much */
export function fetchDocument(
  repository: GrownRepository,
  name: DocumentName,
  signal: AbortSignal,
): Promise<FetchedDocument> {
  const isByTag = name.kind === 'manifest' && !isDigest(name.tagOrDigest);
  return tryHosts(repository.clients, isByTag ? 'resolve' : 'pull', signal, (client) =>
    name.kind === 'manifest'
      ? manifestFrom(repository, client, name.tagOrDigest, name.limitBytes, signal)
      : blobFrom(repository, client, name.descriptor, name.limitBytes, signal),
  );
}

async function blobFrom(
  { path, domain }: GrownRepository,
  client: RegistryClient,
  descriptor: Descriptor,
  limitBytes: number,
  signal: AbortSignal,
): Promise<FetchedDocument> {
  const what = `blob "${descriptor.digest}"`;
  const answer = await client.send({
    path: `/${path}/blobs/${descriptor.digest}`,
    query: queryOf(client, domain),
    what,
    signal,
  });
  let bytes: Buffer;
  try {
    bytes = await readLimited(answer.body, Math.min(limitBytes, descriptor.size), what);
  } catch (error) {
    throw fromTransport(client.name, error, signal);
  }
  if (matchesDigest(bytes, descriptor.digest))
    return { bytes, digest: descriptor.digest, mediaType: descriptor.mediaType };
  throw new DaemonError('data-loss', `registry "${client.name}" sent wrong content for ${what}`);
}

async function manifestFrom(
  { path, domain }: GrownRepository,
  client: RegistryClient,
  tagOrDigest: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<FetchedDocument> {
  const what = `"${domain}/${path}${isDigest(tagOrDigest) ? '@' : ':'}${tagOrDigest}"`;
  const answer = await client.send({
    path: `/${path}/manifests/${tagOrDigest}`,
    query: queryOf(client, domain),
    headers: { accept: MANIFEST_TYPES.join(', ') },
    what,
    signal,
  });
  const mediaType = headerOf(answer, 'content-type') ?? '';
  let bytes: Buffer;
  try {
    bytes = await readLimited(answer.body, limitBytes, `manifest of ${what}`);
  } catch (error) {
    throw fromTransport(client.name, error, signal);
  }
  if (mediaType.startsWith('text/html'))
    throw registryUnavailable(client.name, `it answered a web page for ${what}; is a proxy or login page in the way?`);
  const claimed = isDigest(tagOrDigest) ? tagOrDigest : headerOf(answer, 'docker-content-digest');
  if (claimed !== undefined && isDigest(claimed) && !matchesDigest(bytes, claimed)) {
    throw new DaemonError(
      'data-loss',
      `registry "${client.name}" sent a manifest of ${what} with digest "${digestOf(bytes)}" instead of "${claimed}"`,
    );
  }
  return { bytes, digest: claimed !== undefined && isDigest(claimed) ? claimed : digestOf(bytes), mediaType };
}

function queryOf(client: RegistryClient, domain: string): Readonly<Record<string, string>> {
  return client.host.isMirror ? { ns: domain } : {};
}

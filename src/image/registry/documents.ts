// Manifests and small blobs, read whole from whichever host delivers them, and proven. For the thread that talks to
// registries.
import { DaemonError } from '../../errors.ts';
import { digestOf, isDigest, matchesDigest } from '../digest.ts';
import { MANIFEST_TYPES } from '../media-types.ts';
import type { Descriptor } from '../schema.ts';
import { readLimited } from './body.ts';
import { headerOf, type RegistryClient } from './client.ts';
import { fromTransport, registryUnavailable } from './errors.ts';
import type { Dispatcher } from './http.ts';
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
      : blobFrom(client, name.descriptor, name.limitBytes, signal),
  );
}

async function blobFrom(
  client: RegistryClient,
  { digest, size, mediaType }: Descriptor,
  limitBytes: number,
  signal: AbortSignal,
): Promise<FetchedDocument> {
  const what = `blob "${digest}"`;
  const answer = await client.send({ path: `/blobs/${digest}`, what, signal });
  const bytes = await bodyOf(answer, client, Math.min(limitBytes, size), what, signal);
  if (matchesDigest(bytes, digest)) return { bytes, digest, mediaType };
  throw new DaemonError('data-loss', `registry "${client.name}" sent wrong content for ${what}`);
}

async function manifestFrom(
  { path, domain }: GrownRepository,
  client: RegistryClient,
  tagOrDigest: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<FetchedDocument> {
  const isByDigest = isDigest(tagOrDigest);
  const what = `"${domain}/${path}${isByDigest ? '@' : ':'}${tagOrDigest}"`;
  const headers = { accept: MANIFEST_TYPES.join(', ') };
  const answer = await client.send({ path: `/manifests/${tagOrDigest}`, headers, what, signal });
  const mediaType = headerOf(answer, 'content-type') ?? '';
  const bytes = await bodyOf(answer, client, limitBytes, `manifest of ${what}`, signal);
  if (mediaType.startsWith('text/html'))
    throw registryUnavailable(client.name, `it answered a web page for ${what}; is a proxy or login page in the way?`);
  const claimed = isByDigest ? tagOrDigest : (headerOf(answer, 'docker-content-digest') ?? '');
  if (!isDigest(claimed)) return { bytes, digest: digestOf(bytes), mediaType };
  if (matchesDigest(bytes, claimed)) return { bytes, digest: claimed, mediaType };
  throw new DaemonError(
    'data-loss',
    `registry "${client.name}" sent a manifest of ${what} with digest "${digestOf(bytes)}" instead of "${claimed}"`,
  );
}

async function bodyOf(
  { body }: Dispatcher.ResponseData,
  client: RegistryClient,
  limitBytes: number,
  what: string,
  signal: AbortSignal,
): Promise<Buffer> {
  try {
    return await readLimited(body, limitBytes, what);
  } catch (error) {
    throw fromTransport(client.name, error, signal);
  }
}

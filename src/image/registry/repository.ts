// One repository as a pull sees it: manifests and blobs, from whichever host delivers them whole.
import { DaemonError } from '../../errors.ts';
import type { BlobOrder } from '../blob-fetcher.ts';
import { digestOf, isDigest, matchesDigest } from '../digest.ts';
import { MANIFEST_TYPES } from '../media-types.ts';
import type { Descriptor } from '../schema.ts';
import type { Downloads } from '../download/downloads.ts';
import { readLimited } from './body.ts';
import { headerOf, type RegistryClient } from './client.ts';
import { fromTransport, registryUnavailable } from './errors.ts';
import { tryHosts } from './try-hosts.ts';

export interface FetchedManifest {
  readonly bytes: Buffer;
  readonly digest: string;
  /** As the registry's header says; the document may know better. */
  readonly mediaType: string;
}

export interface RepositoryOptions {
  /** The registry's own name for it, such as `library/busybox`. */
  readonly path: string;
  /** The registry that is meant; mirrors are told. */
  readonly domain: string;
  /** Mirrors first. */
  readonly clients: readonly RegistryClient[];
  readonly maxManifestBytes: number;
  readonly downloads: Downloads;
}

/** Reads from a repository, verifying everything that is asked for by digest. */
export class Repository {
  readonly #options: RepositoryOptions;

  constructor(options: RepositoryOptions) {
    this.#options = options;
  }

  /**
   * The manifest or index under a tag or digest.
   * @throws data-loss when a registry sends something else than the digest it was asked for or claims
   */
  async manifest(tagOrDigest: string, signal: AbortSignal): Promise<FetchedManifest> {
    const capability = isDigest(tagOrDigest) ? 'pull' : 'resolve';
    const { clients } = this.#options;
    return tryHosts(clients, capability, signal, (client) => this.#manifestFrom(client, tagOrDigest, signal));
  }

  /** Downloads a blob into its file; see `downloadBlob`. */
  async blob({ descriptor, arrival, onBytes, signal }: BlobOrder): Promise<void> {
    const { path, domain, clients, downloads } = this.#options;
    const repository = { path, domain, hosts: clients.map((client) => client.seed) };
    await downloads.fetch({ repository, descriptor, path: arrival.path, gauge: arrival.gauge, onBytes, signal });
  }

  /**
   * A small blob, whole and proven.
   * @throws data-loss when it is larger than it may be, or not what its descriptor says
   */
  async smallBlob(descriptor: Descriptor, limitBytes: number, signal: AbortSignal): Promise<Buffer> {
    const what = `blob "${descriptor.digest}"`;
    return tryHosts(this.#options.clients, 'pull', signal, async (client) => {
      const path = `/${this.#options.path}/blobs/${descriptor.digest}`;
      const answer = await client.send({ path, query: this.#query(client), what, signal });
      let bytes: Buffer;
      try {
        bytes = await readLimited(answer.body, Math.min(limitBytes, descriptor.size), what);
      } catch (error) {
        throw fromTransport(client.name, error, signal);
      }
      if (matchesDigest(bytes, descriptor.digest)) return bytes;
      throw new DaemonError('data-loss', `registry "${client.name}" sent wrong content for ${what}`);
    });
  }

  async #manifestFrom(client: RegistryClient, tagOrDigest: string, signal: AbortSignal): Promise<FetchedManifest> {
    const what = `"${this.#options.domain}/${this.#options.path}${isDigest(tagOrDigest) ? '@' : ':'}${tagOrDigest}"`;
    const answer = await client.send({
      path: `/${this.#options.path}/manifests/${tagOrDigest}`,
      query: this.#query(client),
      headers: { accept: MANIFEST_TYPES.join(', ') },
      what,
      signal,
    });
    const mediaType = headerOf(answer, 'content-type') ?? '';
    let bytes: Buffer;
    try {
      bytes = await readLimited(answer.body, this.#options.maxManifestBytes, `manifest of ${what}`);
    } catch (error) {
      throw fromTransport(client.name, error, signal);
    }
    if (mediaType.startsWith('text/html'))
      throw registryUnavailable(
        client.name,
        `it answered a web page for ${what}; is a proxy or login page in the way?`,
      );
    const claimed = isDigest(tagOrDigest) ? tagOrDigest : headerOf(answer, 'docker-content-digest');
    if (claimed !== undefined && isDigest(claimed) && !matchesDigest(bytes, claimed)) {
      throw new DaemonError(
        'data-loss',
        `registry "${client.name}" sent a manifest of ${what} with digest "${digestOf(bytes)}" instead of "${claimed}"`,
      );
    }
    return { bytes, digest: claimed !== undefined && isDigest(claimed) ? claimed : digestOf(bytes), mediaType };
  }

  #query(client: RegistryClient): Readonly<Record<string, string>> {
    return client.host.isMirror ? { ns: this.#options.domain } : {};
  }
}

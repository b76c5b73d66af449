// One repository as a pull sees it: manifests and blobs, from whichever host delivers them whole.
import { throwIfAborted } from '../../async/abort.ts';
import { DaemonError, withContext } from '../../errors.ts';
import type { Ingest } from '../content/ingest.ts';
import { digestOf, isDigest, matchesDigest } from '../digest.ts';
import { MAX_MANIFEST_BYTES } from '../manifest.ts';
import { MANIFEST_TYPES } from '../media-types.ts';
import type { Descriptor } from '../schema.ts';
import { readLimited } from './body.ts';
import { headerOf, type RegistryClient } from './client.ts';
import { fromTransport, isRetryable, registryUnavailable } from './errors.ts';
import { MAX_ATTEMPTS, pause, retryDelayMs } from './retry.ts';
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

  /**
   * Downloads a blob into `ingest`. A broken connection is resumed where it broke.
   * @param onBytes told of the bytes received so far
   */
  async blob(
    descriptor: Descriptor,
    ingest: Ingest,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await tryHosts(this.#options.clients, 'pull', signal, async (client) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await this.#blobFrom(client, descriptor, ingest, onBytes, signal);
          return;
        } catch (error) {
          // The next host goes on where this one stopped, but not behind bytes that proved wrong.
          if (error instanceof DaemonError && error.code === 'data-loss') await ingest.restart();
          if (!isRetryable(error) || attempt >= MAX_ATTEMPTS) throw fromTransport(client.name, error, signal);
          await pause(retryDelayMs(attempt) ?? 0, signal);
        }
      }
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
      bytes = await readLimited(answer.body, MAX_MANIFEST_BYTES, `manifest of ${what}`);
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

  async #blobFrom(
    client: RegistryClient,
    descriptor: Descriptor,
    ingest: Ingest,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (ingest.size > 0 && ingest.size === descriptor.size) return;
    const answer = await client.send({
      path: `/${this.#options.path}/blobs/${descriptor.digest}`,
      query: this.#query(client),
      headers: ingest.size === 0 ? {} : { range: `bytes=${ingest.size}-` },
      what: `blob "${descriptor.digest}"`,
      signal,
    });
    if (ingest.size > 0 && answer.statusCode !== 206) await ingest.restart();
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      throwIfAborted(signal);
      await ingest.write(chunk);
      onBytes(ingest.size);
    }
    try {
      ingest.check();
    } catch (error) {
      throw withContext(`registry "${client.name}" sent wrong content`, error);
    }
  }

  #query(client: RegistryClient): Readonly<Record<string, string>> {
    return client.host.isMirror ? { ns: this.#options.domain } : {};
  }
}

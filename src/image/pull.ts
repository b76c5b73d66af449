// Pulls an image from a registry: resolve, install, publish. Equal pulls in flight are one.
import { SharedFlight } from '../async/shared-flight.ts';
import { digestOf } from './digest.ts';
import type { StoredImage } from './image-record.ts';
import { installImage, type InstallDeps } from './install.ts';
import { PullProgress, type OnProgress } from './progress.ts';
import type { PullsInFlight } from './pulls-in-flight.ts';
import { formatReference, parseReference, repositoryOf, type Reference } from './reference.ts';
import type { RegistryAuth } from './registry/credentials.ts';
import { withPullContext } from './registry/errors.ts';
import { openRepository, type RegistryAccess } from './registry/open-repository.ts';
import type { Repository } from './registry/repository.ts';
import { resolveManifest, type Document, type ResolvedImage } from './resolve.ts';
import type { ImageTrust } from './trust/image-trust.ts';

export interface PullDeps extends InstallDeps {
  readonly registries: RegistryAccess;
  readonly inFlight: PullsInFlight;
  readonly trust: ImageTrust;
}

export interface PullRequest {
  /** As the pod or the user wrote it. */
  readonly reference: string;
  readonly runtimeHandler: string;
  readonly auth?: RegistryAuth | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Runs pulls. */
export class Puller {
  readonly #deps: PullDeps;
  readonly #flights = new SharedFlight<StoredImage>();
  readonly #listeners = new Map<string, Set<OnProgress>>();

  constructor(deps: PullDeps) {
    this.#deps = deps;
  }

  /**
   * Pulls the image and returns its record.
   * @throws invalid-argument for a bad reference; unavailable, unauthenticated, permission-denied or not-found as the
   *   registry says; data-loss for content with the wrong digest or size; abortError
   */
  async pull(request: PullRequest): Promise<StoredImage> {
    const reference = parseReference(request.reference);
    const name = formatReference(reference);
    // Other credentials may see another image, so they are part of what makes two pulls equal.
    const key = digestOf(JSON.stringify([name, request.runtimeHandler, request.auth]));
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    if (request.onProgress !== undefined) listeners.add(request.onProgress);
    const run = async (signal: AbortSignal) => {
      const inFlight = this.#deps.inFlight.begin(name);
      const onProgress: OnProgress = (layers) => {
        inFlight.update(layers);
        listeners.forEach((listener) => listener(layers));
      };
      try {
        return await pullOne(this.#deps, reference, { ...request, signal, onProgress });
      } finally {
        inFlight.end();
      }
    };
    try {
      return await this.#flights.run(key, request.signal, run);
    } catch (error) {
      throw withPullContext(`pulling image "${name}"`, error);
    } finally {
      if (request.onProgress !== undefined) listeners.delete(request.onProgress);
      if (!this.#flights.has(key)) this.#listeners.delete(key);
    }
  }
}

async function pullOne(deps: PullDeps, reference: Reference, request: PullRequest): Promise<StoredImage> {
  deps.registries.downloads.warmUp();
  deps.layers.warmUp();
  const repository = await openRepository(deps.registries, reference, request.auth);
  const what = `"${formatReference(reference)}"`;
  const image = await resolveRemote(deps, repository, reference, what, request.signal);
  const signed = { repository: repositoryOf(reference), digests: [image.target.digest, image.manifestDigest] };
  // Before a single layer is fetched.
  const verifications = await deps.trust.admit(signed, what, repository, request.signal);
  const isByDigest = reference.digest !== undefined;
  return installImage(deps, {
    image,
    what,
    // A tag beside a digest is decoration: nobody checked that it points there.
    repoTags: isByDigest ? [] : [formatReference(reference)],
    repoDigests: [`${repositoryOf(reference)}@${image.target.digest}`],
    runtimeHandler: request.runtimeHandler,
    verifications,
    source: repository,
    progress: new PullProgress(request.onProgress),
    signal: request.signal,
  });
}

async function resolveRemote(
  deps: PullDeps,
  repository: Repository,
  reference: Reference,
  what: string,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const first = await repository.manifest(reference.digest ?? reference.tag ?? 'latest', signal);
  const load = async (digest: string): Promise<Document> => {
    if (!deps.content.has(digest)) return repository.manifest(digest, signal);
    return { bytes: await deps.content.read(digest, deps.registries.maxManifestBytes), digest, mediaType: '' };
  };
  return resolveManifest(first, deps.platform, what, load);
}

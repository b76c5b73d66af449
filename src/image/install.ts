// The steps from a resolved manifest to a finished image, the same for a pull and an import.
import { throwIfAborted } from '../async/abort.ts';
import { failedPrecondition } from '../errors.ts';
import type { BlobFetcher, BlobSource } from './blob-fetcher.ts';
import type { ContentStore } from './content/store.ts';
import { toImageConfig } from './image-config.ts';
import type { StoredImage } from './image-record.ts';
import { planLayers, type LayerFetcher, type LayerPlan } from './layer-fetcher.ts';
import type { Leases } from './leases.ts';
import { parseConfig } from './manifest.ts';
import { formatPlatform, platformRank, type Platform } from './platform.ts';
import type { PullProgress } from './progress.ts';
import type { ResolvedImage } from './resolve.ts';
import type { ConfigFile } from './schema.ts';

export interface InstallDeps {
  readonly content: ContentStore;
  readonly blobs: BlobFetcher;
  readonly layerFetcher: LayerFetcher;
  readonly leases: Leases;
  readonly platform: Platform;
  /** Makes the image visible under its names. */
  readonly publish: (image: StoredImage) => Promise<StoredImage>;
}

export interface InstallRequest {
  readonly image: ResolvedImage;
  /** The image in messages, quoted. */
  readonly what: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly runtimeHandler: string;
  readonly source: BlobSource;
  readonly progress: PullProgress;
  readonly signal: AbortSignal;
}

const MAX_CONFIG_BYTES = 16 * 1024 * 1024;
const NANOS_PER_MS = 1_000_000n;

/**
 * Stores the manifests, fetches and unpacks what is missing, and publishes the record last: until then the image does
 * not exist for anybody. What was fetched before a failure is kept for the next attempt, until content is collected.
 */
export async function installImage(deps: InstallDeps, request: InstallRequest): Promise<StoredImage> {
  const { manifest, documents } = request.image;
  const blobs = [manifest.config, ...manifest.layers].map(({ digest }) => digest);
  const release = [deps.leases.hold([...documents.map(({ digest }) => digest), ...blobs])];
  try {
    for (const { bytes, digest } of documents)
      if (!deps.content.has(digest)) await deps.content.put(bytes, { digest, size: bytes.length });
    const { config, raw } = await loadConfig(deps, request);
    const plan = planLayers(manifest.layers, config.rootfs.diff_ids ?? []);
    release.push(deps.leases.hold(plan.map(({ chainId }) => chainId)));
    await fetchLayers(deps, request, plan);
    throwIfAborted(request.signal);
    return await deps.publish(toRecord(request, config, raw, plan));
  } finally {
    release.forEach((letGo) => letGo());
  }
}

async function loadConfig(
  deps: InstallDeps,
  { image, source, signal, what }: InstallRequest,
): Promise<{ readonly config: ConfigFile; readonly raw: unknown }> {
  const { manifest } = image;
  await deps.blobs.ensure(manifest.config, source, signal);
  const bytes = await deps.content.read(manifest.config.digest, MAX_CONFIG_BYTES);
  const config = parseConfig(bytes, manifest, what);
  const platform = { os: config.os, architecture: config.architecture, variant: config.variant };
  const isKnown = config.architecture !== '' && config.os !== '';
  if (isKnown && platformRank(platform, deps.platform) === undefined)
    throw failedPrecondition(
      `${what} is made for ${formatPlatform(platform)}, this host is ${formatPlatform(deps.platform)}`,
    );
  return { config, raw: JSON.parse(bytes.toString('utf8')) };
}

async function fetchLayers(deps: InstallDeps, request: InstallRequest, plan: readonly LayerPlan[]): Promise<void> {
  const { progress, source, signal } = request;
  progress.start(request.image.manifest.layers);
  const unwatch = deps.blobs.watch((digest, bytes) => progress.received(digest, bytes));
  try {
    await deps.layerFetcher.ensure(plan, source, progress, signal);
  } finally {
    unwatch();
    progress.stop();
  }
}

function toRecord(request: InstallRequest, config: ConfigFile, raw: unknown, plan: readonly LayerPlan[]): StoredImage {
  const { manifest, documents, manifestDigest, target } = request.image;
  const blobs = [manifest.config, ...manifest.layers];
  return {
    version: 1,
    id: manifest.config.digest,
    repoTags: [...request.repoTags],
    repoDigests: [...request.repoDigests],
    sizeBytes: blobs.reduce((sum, { size }) => sum + size, 0),
    layers: plan.map(({ chainId }) => chainId),
    config: toImageConfig(config, raw),
    manifestDigest,
    runtimeHandler: request.runtimeHandler,
    annotations: manifest.annotations ?? {},
    pulledAt: (BigInt(Date.now()) * NANOS_PER_MS).toString(),
    target,
    content: [...new Set([...documents, ...blobs].map(({ digest }) => digest))],
    removed: false,
  };
}

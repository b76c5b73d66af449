// The steps from a resolved manifest to a finished image, the same for a pull and an import.
import { throwIfAborted } from '../async/abort.ts';
import { DaemonError, failedPrecondition } from '../errors.ts';
import { artifactFiles, artifactType, isArtifact } from './artifact/files.ts';
import { unpackArtifact } from './artifact/layer.ts';
import type { BlobFetcher, BlobSource } from './blob-fetcher.ts';
import type { ContentStore } from './content/store.ts';
import { toImageConfig } from './image-config.ts';
import type { StoredImage, Verification } from './image-record.ts';
import { planLayers, type LayerFetcher, type LayerPlan } from './layer-fetcher.ts';
import type { Layers } from './layer-contract.ts';
import type { Leases } from './leases.ts';
import { parseConfig } from './manifest.ts';
import { formatPlatform, platformRank, type Platform } from './platform.ts';
import type { PullProgress } from './progress.ts';
import type { ResolvedImage } from './resolve.ts';
import { ConfigFile } from './schema.ts';

export interface InstallDeps {
  readonly content: ContentStore;
  readonly blobs: BlobFetcher;
  readonly layerFetcher: LayerFetcher;
  readonly layers: Layers;
  readonly leases: Leases;
  readonly platform: Platform;
  /** Most layers of an image: what is more is no image but an attack. */
  readonly maxLayers: number;
  /** Whether compressed layers may be collected once they are unpacked. */
  readonly discardBlobs: boolean;
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
  /** What signatures have proven of it. */
  readonly verifications: readonly Verification[];
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
  if (manifest.layers.length > deps.maxLayers) {
    const most = `more than the ${deps.maxLayers} of images.limits.max_layers`;
    throw new DaemonError('resource-exhausted', `${request.what} has ${manifest.layers.length} layers, ${most}`);
  }
  const blobs = [manifest.config, ...manifest.layers].map(({ digest }) => digest);
  const release = [deps.leases.hold([...documents.map(({ digest }) => digest), ...blobs])];
  try {
    for (const { bytes, digest } of documents)
      if (!deps.content.has(digest)) await deps.content.put(bytes, { digest, size: bytes.length });
    if (isArtifact(manifest)) return await installArtifact(deps, request);
    const { config, raw } = await loadConfig(deps, request);
    const plan = planLayers(manifest.layers, config.rootfs.diff_ids ?? []);
    release.push(deps.leases.hold(plan.map(({ chainId }) => chainId)));
    await fetchLayers(deps, request, plan);
    throwIfAborted(request.signal);
    return await deps.publish(toRecord(deps, request, config, raw, plan));
  } finally {
    release.forEach((letGo) => letGo());
  }
}

/** An artifact has the empty config of all artifacts: its manifest is what tells it from others. */
async function installArtifact(deps: InstallDeps, request: InstallRequest): Promise<StoredImage> {
  const { image, source, signal, progress, what } = request;
  const { manifest, manifestDigest } = image;
  const files = artifactFiles(manifest, what);
  progress.start(manifest.layers);
  const unwatch = deps.blobs.watch((digest, bytes) => progress.received(digest, bytes));
  try {
    await Promise.all([manifest.config, ...manifest.layers].map((blob) => deps.blobs.ensure(blob, source, signal)));
  } finally {
    unwatch();
    progress.stop();
  }
  const release = deps.leases.holdAll();
  try {
    const chainId = await unpackArtifact(deps, files, signal);
    const empty = ConfigFile.parse({ rootfs: {} });
    const plan = [{ chainId }];
    const record = toRecord(deps, request, empty, {}, plan);
    return await deps.publish({ ...record, id: manifestDigest, artifactType: artifactType(manifest) });
  } finally {
    release();
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

function toRecord(
  { content, discardBlobs }: InstallDeps,
  request: InstallRequest,
  config: ConfigFile,
  raw: unknown,
  plan: readonly Pick<LayerPlan, 'chainId'>[],
): StoredImage {
  const { manifest, documents, manifestDigest, target } = request.image;
  const blobs = [manifest.config, ...manifest.layers];
  // A layer that was here already, unpacked from a blob of other bytes, has none of its own.
  const kept = discardBlobs ? [] : manifest.layers.filter(({ digest }) => content.has(digest));
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
    content: [...new Set([...documents, manifest.config, ...kept].map(({ digest }) => digest))],
    removed: false,
    verifications: [...request.verifications],
    artifactType: '',
  };
}

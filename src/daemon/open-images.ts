// Opens the image store as configured.
import type { Config } from '../config/schema.ts';
import { withContext } from '../errors.ts';
import { pinGlob } from '../image/pinned.ts';
import type { PullsInFlight } from '../image/pulls-in-flight.ts';
import { ImageService } from '../image/service.ts';
import { loadPolicy } from '../image/trust/load-policy.ts';
import type { LayerStore } from '../image/unpack/layer-store.ts';
import type { Logger } from '../observe/logger.ts';
import type { Layout } from '../state/layout.ts';

/**
 * The images of the node. The pause image is pinned: the kubelet knows nothing of it and would collect it.
 * @param inUse ids of the images that containers and pause processes run on
 * @throws invalid-argument for a pause image that is no reference, and for a key of the content policy that is none
 */
export function openImages(
  { cri, images }: Config,
  layout: Layout,
  layers: LayerStore,
  inFlight: PullsInFlight,
  inUse: () => ReadonlySet<string>,
  log: Logger,
): Promise<ImageService> {
  const {
    registryDirs,
    dockerConfig,
    maxConcurrentLayers,
    maxConnections,
    discardBlobs,
    pinned,
    limits,
    policy,
    ...rest
  } = images;
  return ImageService.open({
    root: layout.images,
    hostsDirs: registryDirs,
    dockerConfigPath: dockerConfig,
    maxConcurrentLayers,
    maxConnections,
    tuning: {
      chunkBytes: rest.rangeBytes,
      rangesAtOnce: rest.maxRanges,
      minBytesPerSecond: rest.minRateBytes,
    },
    discardBlobs,
    pinned: cri.pauseImage === '' ? pinned : [...pinned, pauseImageGlob(cri.pauseImage)],
    timeouts: {
      connectMs: rest.connectTimeoutMs,
      headersMs: rest.responseTimeoutMs,
      bodyMs: rest.progressTimeoutMs,
    },
    limits,
    policy: loadPolicy(policy),
    layers,
    inFlight,
    log,
    inUse,
  });
}

function pauseImageGlob(reference: string): string {
  try {
    return pinGlob(reference);
  } catch (error) {
    throw withContext('cri.pause_image', error);
  }
}

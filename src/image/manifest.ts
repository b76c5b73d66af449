// Tells an index from a manifest and parses both, with errors that say what a registry or archive really holds.
import { z } from 'zod';
import { DaemonError, failedPrecondition } from '../errors.ts';
import { isIndexType, isLayerType, isManifestType, isSchema1Type } from './media-types.ts';
import { ConfigFile, ImageIndex, ImageManifest } from './schema.ts';

/** What a manifest's bytes turned out to be. */
export type AnyManifest =
  | { readonly kind: 'index'; readonly mediaType: string; readonly index: ImageIndex }
  | { readonly kind: 'manifest'; readonly mediaType: string; readonly manifest: ImageManifest };

/** More than any real manifest needs; registries themselves refuse larger ones. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * `bytes` as JSON of the given schema.
 * @param what names the document in the error, such as `manifest of "busybox"`
 * @throws data-loss when it is not JSON or not of that shape
 */
export function parseJson<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new DaemonError('data-loss', `${what} is not JSON`, error);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new DaemonError('data-loss', `${what} is malformed: ${z.prettifyError(parsed.error)}`);
}

const Shape = z.object({
  schemaVersion: z.number().optional(),
  mediaType: z.string().optional(),
  manifests: z.unknown().optional(),
});

/**
 * Parses a manifest or an index.
 * @param headerType media type the registry gave, or that of the descriptor; the document's own one goes first
 * @throws failed-precondition for Docker schema 1, data-loss for what is neither
 */
export function parseManifest(bytes: Uint8Array, headerType: string, what: string): AnyManifest {
  const shape = parseJson(Shape, bytes, what);
  const mediaType = shape.mediaType ?? headerType.split(';', 1)[0]?.trim() ?? '';
  if (isSchema1Type(mediaType) || shape.schemaVersion === 1) {
    throw failedPrecondition(
      `${what} is in Docker's schema 1, which is no longer supported; push the image again with a current tool`,
    );
  }
  if (isIndexType(mediaType) || (!isManifestType(mediaType) && shape.manifests !== undefined))
    return { kind: 'index', mediaType, index: parseJson(ImageIndex, bytes, what) };
  return { kind: 'manifest', mediaType, manifest: parseJson(ImageManifest, bytes, what) };
}

/** @throws failed-precondition when a layer of an image is nothing that can be unpacked */
export function checkIsImage(manifest: ImageManifest, what: string): void {
  const odd = manifest.layers.find((layer) => !isLayerType(layer.mediaType));
  if (odd !== undefined)
    throw failedPrecondition(`layer "${odd.digest}" of ${what} has the unsupported media type "${odd.mediaType}"`);
}

/**
 * Parses an image config that belongs to `manifest`.
 * @throws data-loss when it does not name one diff id per layer
 */
export function parseConfig(bytes: Uint8Array, manifest: ImageManifest, what: string): ConfigFile {
  const config = parseJson(ConfigFile, bytes, `config of ${what}`);
  const diffIds = config.rootfs.diff_ids ?? [];
  if (diffIds.length !== manifest.layers.length) {
    throw new DaemonError(
      'data-loss',
      `config of ${what} names ${diffIds.length} layers but its manifest has ${manifest.layers.length}`,
    );
  }
  return config;
}

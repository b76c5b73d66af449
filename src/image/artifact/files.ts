// An OCI artifact as a tree of files: each layer is one file, named by its title.
import { failedPrecondition, invalidArgument } from '../../errors.ts';
import { splitDigest } from '../digest.ts';
import { isImageConfigType, isLayerType } from '../media-types.ts';
import type { Descriptor, ImageManifest } from '../schema.ts';

/** @see OCI image-spec, annotations.md; ORAS names files by it */
const TITLE = 'org.opencontainers.image.title';
const MAX_NAME_BYTES = 255;

/** One file of an artifact. */
export interface ArtifactFile {
  /** Relative, clean, unique among the artifact's. */
  readonly path: string;
  readonly descriptor: Descriptor;
}

/** Whether a manifest is of something else than a container image. */
export function isArtifact(manifest: ImageManifest): boolean {
  const { mediaType } = manifest.config;
  if ((manifest.artifactType ?? '') !== '') return !isImageConfigType(mediaType);
  return (
    mediaType !== '' && !isImageConfigType(mediaType) && manifest.layers.some((each) => !isLayerType(each.mediaType))
  );
}

/** What it is, for messages and records. */
export function artifactType(manifest: ImageManifest): string {
  return (manifest.artifactType ?? '') === '' ? manifest.config.mediaType : (manifest.artifactType ?? '');
}

/**
 * The files of an artifact; a layer without a title is named by its digest.
 * @throws invalid-argument naming the layer whose title is no plain relative path, or is that of another one
 */
export function artifactFiles(manifest: ImageManifest, what: string): readonly ArtifactFile[] {
  if (manifest.layers.length === 0) throw failedPrecondition(`${what} is an artifact without files`);
  const files = new Map<string, ArtifactFile>();
  for (const descriptor of manifest.layers) {
    const path = descriptor.annotations?.[TITLE] ?? splitDigest(descriptor.digest).hex;
    const refuse = (why: string) =>
      invalidArgument(`layer "${descriptor.digest}" of ${what} has the title ${JSON.stringify(path)}, ${why}`);
    const why = problemWith(path);
    if (why !== undefined) throw refuse(why);
    if (files.has(path)) throw refuse('which another layer has too');
    files.set(path, { path, descriptor });
  }
  for (const path of files.keys()) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      if (!files.has(path.slice(0, at))) continue;
      throw invalidArgument(`${what} has a file ${JSON.stringify(path.slice(0, at))} and one inside it`);
    }
  }
  return [...files.values()];
}

function problemWith(path: string): string | undefined {
  if (path.includes('\0')) return 'which holds a NUL';
  if (path.startsWith('/')) return 'which is absolute';
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) return 'which is no plain relative path';
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) return 'which is too long';
  // A layer would take such a name for an order to remove something.
  if (names.some((name) => name.startsWith('.wh.'))) return 'which means a whiteout';
  return undefined;
}

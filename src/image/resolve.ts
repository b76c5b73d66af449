// From a name to the one manifest that fits this host, through an index when there is one.
import { DaemonError, failedPrecondition, notFound } from '../errors.ts';
import { isArtifact } from './artifact/files.ts';
import { isManifestType } from './media-types.ts';
import { checkIsImage, parseManifest } from './manifest.ts';
import { choosePlatform, formatPlatform, type Platform } from './platform.ts';
import type { Descriptor, ImageManifest } from './schema.ts';

/** A manifest's or an index's bytes, proven. */
export interface Document {
  readonly bytes: Buffer;
  readonly digest: string;
  /** As told from outside; the document's own word goes first. */
  readonly mediaType: string;
}

/** What a name stands for on this host. */
export interface ResolvedImage {
  /** The index, if any, then the manifest: all that must be stored. */
  readonly documents: readonly Document[];
  readonly manifest: ImageManifest;
  readonly manifestDigest: string;
  /** What the name itself points to. */
  readonly target: Descriptor;
}

// Indexes within indexes are legal; deeper ones than this are a trap.
const MAX_DEPTH = 4;

/**
 * Follows `first` down to a manifest for `host`.
 * @param load the document with a digest that an index names
 * @throws not-found when no manifest fits the host; what `parseManifest` and `load` throw
 */
export async function resolveManifest(
  first: Document,
  host: Platform,
  what: string,
  load: (digest: string) => Promise<Document>,
): Promise<ResolvedImage> {
  const documents: Document[] = [];
  let document = first;
  let target: Descriptor | undefined;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    documents.push(document);
    const parsed = parseManifest(document.bytes, document.mediaType, `manifest of ${what}`);
    target ??= { mediaType: parsed.mediaType, digest: first.digest, size: first.bytes.length };
    if (parsed.kind === 'manifest') {
      if (!isArtifact(parsed.manifest)) checkIsImage(parsed.manifest, what);
      return { documents, manifest: parsed.manifest, manifestDigest: document.digest, target };
    }
    const chosen = chooseManifest(parsed.index.manifests, host, what);
    document = { ...(await load(chosen.digest)), digest: chosen.digest };
  }
  throw failedPrecondition(`${what} has indexes nested deeper than ${MAX_DEPTH}`);
}

function chooseManifest(manifests: readonly Descriptor[], host: Platform, what: string): Descriptor {
  const chosen = choosePlatform(manifests, host);
  if (chosen !== undefined) return chosen;
  const [only] = manifests;
  // An index made by hand may leave the platform out; the config is checked later.
  const isLone = manifests.length === 1 && only?.platform === undefined;
  if (only !== undefined && isLone && (isManifestType(only.mediaType) || only.mediaType === '')) return only;
  const offered = manifests.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]));
  const known = [...new Set(offered)].filter((name) => !name.startsWith('unknown')).join(', ');
  throw new DaemonError(
    'not-found',
    `${notFound('image', what.replaceAll('"', '')).message} for ${formatPlatform(host)}: it is made for ${known === '' ? 'nothing' : known}`,
  );
}

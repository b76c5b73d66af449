// Writes images out of the store: as an OCI layout, in a directory or an archive, or as docker loads them.
import { randomUUID } from 'node:crypto';
import { constants, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DaemonError, failedPrecondition, invalidArgument, isErrno } from '../../errors.ts';
import type { ContentStore } from '../content/store.ts';
import { INDEX_FILE, LAYOUT_CONTENT, LAYOUT_FILE } from '../content/layout.ts';
import { splitDigest } from '../digest.ts';
import type { ImageRecord } from '../image-record.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../media-types.ts';
import { parseReference } from '../reference.ts';
import type { Descriptor, ImageManifest } from '../schema.ts';
import { TarFile } from './tar-writer.ts';

/** `oci`: a layout directory; `oci-archive`: the same as a tar; `docker-archive`: what `docker load` reads. */
export type ExportFormat = 'oci' | 'oci-archive' | 'docker-archive';
export const EXPORT_FORMATS: readonly ExportFormat[] = ['oci', 'oci-archive', 'docker-archive'];

/** One file of an export: bytes made here, or a blob. */
type Part = { readonly name: string } & ({ readonly bytes: Buffer } | { readonly digest: string });

interface Exported {
  readonly record: ImageRecord;
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
}

/**
 * Writes images to `path`, which must not exist; it appears whole or not at all. An image goes out as its manifest for
 * this host: other platforms of an index are not here.
 * @throws failed-precondition naming the blob that was dropped; already-exists; what the file system says
 */
export async function exportImages(
  content: ContentStore,
  images: readonly ImageRecord[],
  path: string,
  format: ExportFormat,
): Promise<void> {
  if (existsSync(path)) throw new DaemonError('already-exists', `"${path}" is there already`);
  if (!existsSync(dirname(path))) throw invalidArgument(`there is no directory "${dirname(path)}"`);
  const exported: Exported[] = [];
  for (const record of images) exported.push(await load(content, record));
  const parts = format === 'docker-archive' ? dockerParts(exported) : layoutParts(exported);
  const draft = `${path}.${randomUUID()}`;
  try {
    if (format === 'oci') await writeDirectory(content, parts, draft);
    else await writeArchive(content, parts, draft);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (isErrno(error, 'ENOSPC')) throw new DaemonError('resource-exhausted', `no space left for "${path}"`, error);
    throw error;
  }
}

async function load(content: ContentStore, record: ImageRecord): Promise<Exported> {
  const digest = record.manifestDigest;
  const name = record.repoTags[0] ?? record.id;
  const bytes = await content.read(digest, MAX_MANIFEST_BYTES);
  const parsed = parseManifest(bytes, '', `manifest of "${name}"`);
  if (parsed.kind !== 'manifest') throw failedPrecondition(`manifest of "${name}" is an index`);
  const { manifest, mediaType } = parsed;
  const gone = [manifest.config, ...manifest.layers].find((blob) => !content.has(blob.digest));
  if (gone !== undefined) {
    const why = 'blobs are dropped after unpacking (images.discard_blobs), or its layer was here before it';
    throw failedPrecondition(`image "${name}" cannot be exported, blob "${gone.digest}" is not here; ${why}`);
  }
  return { record, manifest, descriptor: { mediaType: mediaType || OCI_MANIFEST, digest, size: bytes.length } };
}

const blobName = (digest: string): string => {
  const { algorithm, hex } = splitDigest(digest);
  return `blobs/${algorithm}/${hex}`;
};
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function layoutParts(exported: readonly Exported[]): Part[] {
  const manifests = exported.flatMap(({ record, descriptor }) =>
    record.repoTags.length === 0
      ? [descriptor]
      : record.repoTags.map((tag) => ({ ...descriptor, annotations: namesOf(tag) })),
  );
  const digests = exported.flatMap(({ descriptor, manifest }) => [
    descriptor.digest,
    manifest.config.digest,
    ...manifest.layers.map(({ digest }) => digest),
  ]);
  return [
    { name: LAYOUT_FILE, bytes: Buffer.from(LAYOUT_CONTENT) },
    ...[...new Set(digests)].map((digest) => ({ name: blobName(digest), digest })),
    { name: INDEX_FILE, bytes: json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }) },
  ];
}

// The whole name for containerd, podman and ourselves; skopeo finds an image by the same annotation.
function namesOf(tag: string): Record<string, string> {
  return { 'io.containerd.image.name': tag, 'org.opencontainers.image.ref.name': tag };
}

/** @see docker's image spec v1.2, "Combined Image JSON + Filesystem Changeset Format" */
function dockerParts(exported: readonly Exported[]): Part[] {
  const parts = new Map<string, Part>();
  const entries = exported.map(({ record, manifest }) => {
    const config = `${splitDigest(manifest.config.digest).hex}.json`;
    parts.set(config, { name: config, digest: manifest.config.digest });
    const layers = manifest.layers.map(({ digest }) => {
      const name = `${splitDigest(digest).hex}.tar`;
      parts.set(name, { name, digest });
      return name;
    });
    return { Config: config, RepoTags: record.repoTags.map(familiarName), Layers: layers };
  });
  return [...parts.values(), { name: 'manifest.json', bytes: json(entries) }];
}

// docker shows Hub's images without the host, and loads them under the name that stands here.
function familiarName(tag: string): string {
  const { domain, path, tag: version } = parseReference(tag);
  return domain === 'docker.io' ? `${path.replace(/^library\//, '')}:${version ?? 'latest'}` : tag;
}

async function writeDirectory(content: ContentStore, parts: readonly Part[], directory: string): Promise<void> {
  for (const part of parts) {
    const target = join(directory, part.name);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    if ('bytes' in part) await writeFile(target, part.bytes);
    else await share(content.path(part.digest), target);
  }
}

// A copy, and one that shares its blocks where the file system can: a link would let others write into the store.
async function share(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE);
}

async function writeArchive(content: ContentStore, parts: readonly Part[], path: string): Promise<void> {
  const archive = new TarFile(path);
  for (const part of parts) {
    if ('bytes' in part) await archive.bytes(part.name, part.bytes);
    else await archive.file(part.name, content.path(part.digest), content.sizeOf(part.digest) ?? 0);
  }
  await archive.finish();
}

// Images of a `docker save` archive: manifest.json names configs and layers; the manifests are made here.
import { digestOf } from '../digest.ts';
import { parseJson } from '../manifest.ts';
import { DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST } from '../media-types.ts';
import { formatReference, parseReference } from '../reference.ts';
import { DockerArchive, ImageManifest } from '../schema.ts';
import type { Archive, ArchiveImage } from './archive.ts';

/** Names from manifest.json by config digest; empty when there is none. */
export async function readDockerNames(archive: Archive): Promise<ReadonlyMap<string, readonly string[]>> {
  if (!archive.has('manifest.json')) return new Map();
  const entries = await readManifest(archive);
  return new Map(entries.map((entry) => [archive.file(entry.Config).digest, toNames(entry.RepoTags ?? [])]));
}

/** @throws invalid-argument when a file that manifest.json names is missing */
export async function readDockerImages(archive: Archive): Promise<readonly ArchiveImage[]> {
  const images: ArchiveImage[] = [];
  for (const entry of await readManifest(archive)) {
    const config = { mediaType: DOCKER_CONFIG, ...archive.file(entry.Config) };
    const layers = [];
    for (const name of entry.Layers ?? [])
      layers.push({ mediaType: DOCKER_LAYER + suffixOf(await archive.head(name)), ...archive.file(name) });
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: DOCKER_MANIFEST, config, layers }));
    const digest = digestOf(bytes);
    const manifest = parseJson(ImageManifest, bytes, `manifest.json of archive "${archive.path}"`);
    const image = {
      documents: [{ bytes, digest, mediaType: DOCKER_MANIFEST }],
      manifest,
      manifestDigest: digest,
      target: { mediaType: DOCKER_MANIFEST, digest, size: bytes.length },
    };
    images.push({ image, names: toNames(entry.RepoTags ?? []) });
  }
  return images;
}

async function readManifest(archive: Archive): Promise<DockerArchive> {
  return parseJson(DockerArchive, await archive.read('manifest.json'), `manifest.json of archive "${archive.path}"`);
}

function toNames(tags: readonly string[]): readonly string[] {
  return tags.map((tag) => formatReference(parseReference(tag)));
}

function suffixOf(head: Buffer): string {
  if (head[0] === 0x1f && head[1] === 0x8b) return '.gzip';
  return head.toString('hex') === '28b52ffd' ? '.zstd' : '';
}

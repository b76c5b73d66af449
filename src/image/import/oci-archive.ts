// Images of an OCI layout: index.json names them.
import { DaemonError, errorCode, errorMessage } from '../../errors.ts';
import { parseJson } from '../manifest.ts';
import type { Platform } from '../platform.ts';
import { formatReference, parseReference } from '../reference.ts';
import { resolveManifest, type Document } from '../resolve.ts';
import { ImageIndex, type Descriptor } from '../schema.ts';
import type { Archive, ArchiveImage } from './archive.ts';

// The first is what containerd and docker write, the second is OCI's own, which skopeo and podman write.
const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/** The archive's images that fit the host. @throws the first problem when none does */
export async function readOciImages(archive: Archive, host: Platform): Promise<readonly ArchiveImage[]> {
  const index = parseJson(ImageIndex, await archive.read('index.json'), `index.json of archive "${archive.path}"`);
  const images: ArchiveImage[] = [];
  const problems: unknown[] = [];
  for (const descriptor of index.manifests) {
    try {
      images.push({ image: await resolveInArchive(archive, descriptor, host), names: namesOf(descriptor) });
    } catch (error) {
      // An archive may also hold attestations and other platforms' images; broken content is another matter.
      if (errorCode(error) === 'data-loss') throw error;
      problems.push(error);
    }
  }
  if (images.length > 0) return images;
  const why = problems.length === 0 ? 'it is empty' : problems.map(errorMessage).join('; ');
  throw new DaemonError('invalid-argument', `archive "${archive.path}" holds no image for this host: ${why}`);
}

async function resolveInArchive(archive: Archive, descriptor: Descriptor, host: Platform) {
  const load = async (digest: string): Promise<Document> => ({
    bytes: await archive.readBlob(digest),
    digest,
    mediaType: '',
  });
  const first = { ...(await load(descriptor.digest)), mediaType: descriptor.mediaType };
  const image = await resolveManifest(first, host, `"${descriptor.digest}"`, load);
  [image.manifest.config, ...image.manifest.layers].forEach(({ digest }) => archive.checkBlob(digest));
  return image;
}

function namesOf(descriptor: Descriptor): readonly string[] {
  for (const annotation of NAME_ANNOTATIONS) {
    const name = descriptor.annotations?.[annotation];
    // A bare tag such as `latest` says nothing about the repository.
    if (name === undefined || !/[:/]/.test(name)) continue;
    try {
      return [formatReference(parseReference(name))];
    } catch {
      continue;
    }
  }
  return [];
}

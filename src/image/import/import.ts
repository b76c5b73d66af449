// Imports local archives: their files become content, their images are installed as pulled ones are.
import { DaemonError, invalidArgument, notFound } from '../../errors.ts';
import type { BlobSource } from '../blob-fetcher.ts';
import type { StoredImage } from '../image-record.ts';
import { installImage, type InstallDeps } from '../install.ts';
import { PullProgress } from '../progress.ts';
import { formatReference, parseReference, repositoryOf } from '../reference.ts';
import { Archive, type ArchiveImage } from './archive.ts';
import { storeArchiveFiles } from './archive-files.ts';
import { readDockerImages, readDockerNames } from './docker-archive.ts';
import { readOciImages } from './oci-archive.ts';

/**
 * Imports every image of an archive that fits this host.
 * @param names added to the image's own names; only for an archive with one image
 * @throws invalid-argument when it is no image archive; data-loss when content does not match its digest
 */
export async function importImages(
  deps: InstallDeps,
  path: string,
  names: readonly string[],
): Promise<readonly StoredImage[]> {
  const given = names.map((name) => formatReference(parseReference(name)));
  const release = deps.leases.holdAll();
  try {
    const files = await storeArchiveFiles(deps.content, path);
    const images = await readImages(deps, new Archive(path, deps.content, files));
    if (given.length > 0 && images.length !== 1)
      throw invalidArgument(
        `archive "${path}" holds ${images.length} images; a name can be given to a single one only`,
      );
    const records: StoredImage[] = [];
    for (const found of images) records.push(await install(deps, path, found, given));
    return records;
  } finally {
    release();
  }
}

async function readImages(deps: InstallDeps, archive: Archive): Promise<readonly ArchiveImage[]> {
  if (archive.has('index.json')) {
    const images = await readOciImages(archive, deps.platform);
    // New docker writes both; only its manifest.json has whole names.
    const dockerNames = await readDockerNames(archive);
    return images.map(({ image, names }) => ({
      image,
      names: [...new Set([...names, ...(dockerNames.get(image.manifest.config.digest) ?? [])])],
    }));
  }
  if (archive.has('manifest.json')) return readDockerImages(archive);
  throw invalidArgument(`"${archive.path}" is neither an OCI layout (index.json) nor a docker archive (manifest.json)`);
}

async function install(
  deps: InstallDeps,
  path: string,
  { image, names }: ArchiveImage,
  given: readonly string[],
): Promise<StoredImage> {
  const all = [...new Set([...names, ...given])];
  const repositories = [...new Set(all.map((name) => repositoryOf(parseReference(name))))];
  return installImage(deps, {
    image,
    what: `"${all[0] ?? image.manifestDigest}"`,
    repoTags: all.filter((name) => parseReference(name).digest === undefined),
    repoDigests: repositories.map((repository) => `${repository}@${image.target.digest}`),
    runtimeHandler: '',
    // Nothing in an archive is proven: under a policy that asks for signatures such an image is not run.
    verifications: [],
    source: missingFrom(path),
    progress: new PullProgress(undefined),
    signal: new AbortController().signal,
  });
}

/** Whatever is not in the content store by now is not in the archive either. */
function missingFrom(path: string): BlobSource {
  return {
    blob: ({ descriptor: { digest } }) => {
      const { message } = notFound('blob', digest);
      return Promise.reject(new DaemonError('invalid-argument', `archive "${path}" is incomplete: ${message}`));
    },
  };
}

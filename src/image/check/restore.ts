// Gets back what an image lacks: from its own blobs where they are good, from its registry otherwise.
import { failedPrecondition } from '../../errors.ts';
import { chainIds } from '../chain-id.ts';
import type { StoredImage } from '../image-record.ts';
import type { InstallDeps } from '../install.ts';
import type { LayerPlan } from '../layer-fetcher.ts';
import { parseManifest } from '../manifest.ts';
import type { Layers } from '../layer-contract.ts';
import { parseReference } from '../reference.ts';
import { openRepository, type RegistryAccess } from '../registry/open-repository.ts';
import { ConfigFile, type Descriptor } from '../schema.ts';

export interface RestoreDeps extends Pick<InstallDeps, 'content' | 'blobs'> {
  readonly layers: Layers;
  readonly registries: RegistryAccess;
  /** Pulls by digest, as `Puller.pull` does. */
  readonly pull: (reference: string, runtimeHandler: string) => Promise<unknown>;
}

/** @throws failed-precondition when the image was imported and its blobs are gone; what the registry says */
export async function restoreImage(deps: RestoreDeps, image: StoredImage): Promise<void> {
  const { content, layers } = deps;
  const isWhole = () =>
    image.content.every((digest) => content.has(digest)) && image.layers.every((chainId) => layers.has(chainId));
  const signal = new AbortController().signal;
  const documents = content.has(image.manifestDigest) ? await planOf(deps, image) : [];
  for (const { descriptor, chainId, parents, diffId } of documents) {
    if (diffId === '' || layers.has(chainId) || !content.has(descriptor.digest)) continue;
    const source = { path: content.path(descriptor.digest), mediaType: descriptor.mediaType, diffId };
    await layers.unpack(chainId, parents, source, signal);
  }
  if (isWhole()) return;
  const [name] = image.repoDigests;
  if (name === undefined) throw failedPrecondition('the image came from an archive; import it again');
  // Brings manifests, config and layers; blobs of layers that are unpacked already are nothing it would miss.
  await deps.pull(name, image.runtimeHandler);
  const missing = (await planOf(deps, image)).filter(
    ({ descriptor }) => image.content.includes(descriptor.digest) && !content.has(descriptor.digest),
  );
  if (missing.length === 0) return;
  const repository = await openRepository(deps.registries, parseReference(name), undefined);
  for (const { descriptor } of missing) await deps.blobs.ensure(descriptor, repository, signal);
}

async function planOf({ content, registries }: RestoreDeps, image: StoredImage): Promise<readonly LayerPlan[]> {
  const bytes = await content.read(image.manifestDigest, registries.maxManifestBytes);
  const parsed = parseManifest(bytes, '', `manifest of "${image.id}"`);
  const config = ConfigFile.safeParse(image.config.raw);
  const diffIds = config.data?.rootfs.diff_ids ?? [];
  const descriptors: readonly Descriptor[] = parsed.kind === 'manifest' ? parsed.manifest.layers : [];
  const chain = chainIds(diffIds);
  return descriptors.map((descriptor, index) => ({
    descriptor,
    diffId: diffIds[index] ?? '',
    chainId: chain[index] ?? '',
    parents: chain.slice(0, index),
  }));
}

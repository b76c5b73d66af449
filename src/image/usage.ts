// What images take on the disk, and who needs it: for people who wonder where their space went.
import type { Catalog } from './catalog.ts';
import type { ContentStore } from './content/store.ts';
import type { Layers } from './layer-contract.ts';

export interface Tally {
  readonly count: number;
  readonly bytes: number;
}

/** One image: what it takes, and what its removal would give back. */
export interface ImageUsage {
  readonly id: string;
  readonly names: readonly string[];
  /** Of its blobs and layers, those included that other images have too. */
  readonly bytes: number;
  /** Of those that other images have too. */
  readonly sharedBytes: number;
  readonly isUsed: boolean;
  readonly isPinned: boolean;
  /** Removed by name while a container runs on it. */
  readonly isHidden: boolean;
}

export interface StoreUsage {
  readonly blobs: Tally;
  readonly layers: Tally;
  /** Layers of more than one image. */
  readonly shared: Tally;
  /** Blobs and layers that the removal of every unused image that is not pinned would give back. */
  readonly reclaimable: Tally;
  readonly images: readonly ImageUsage[];
}

// The chain id of a bottom layer is also the digest of its blob when that is not compressed.
const layerKey = (chainId: string) => `layer ${chainId}`;

/** Adds up from memory. @param inUse ids of images that containers use */
export function storeUsage(
  { catalog, content, layers }: { catalog: Catalog; content: ContentStore; layers: Layers },
  inUse: ReadonlySet<string>,
): StoreUsage {
  const sizes = new Map<string, number>();
  for (const digest of content.list()) sizes.set(digest, content.sizeOf(digest) ?? 0);
  const chainIds = layers.list();
  for (const chainId of chainIds) sizes.set(layerKey(chainId), layers.usage(chainId).bytes);
  const stored = catalog.stored();
  const needed = new Map(
    stored.map((image) => [image, new Set([...image.content, ...image.layers.map(layerKey)])] as const),
  );
  const owners = new Map<string, number>();
  for (const digests of needed.values()) for (const each of digests) owners.set(each, (owners.get(each) ?? 0) + 1);
  const sum = (digests: Iterable<string>): Tally => {
    const known = [...digests].flatMap((digest) => sizes.get(digest) ?? []);
    return { count: known.length, bytes: known.reduce((total, size) => total + size, 0) };
  };
  const isShared = (digest: string) => (owners.get(digest) ?? 0) > 1;
  const images = stored.map((image): ImageUsage => {
    const digests = [...(needed.get(image) ?? [])];
    return {
      id: image.id,
      names: image.repoTags.length > 0 ? image.repoTags : image.repoDigests,
      bytes: sum(digests).bytes,
      sharedBytes: sum(digests.filter(isShared)).bytes,
      isUsed: inUse.has(image.id),
      isPinned: catalog.toImage(image).pinned,
      isHidden: image.removed,
    };
  });
  const kept = new Set(stored.filter((_, at) => images[at]?.isUsed === true || images[at]?.isPinned === true));
  const keeps = new Set([...kept].flatMap((image) => [...(needed.get(image) ?? [])]));
  return {
    blobs: sum(content.list()),
    layers: sum(chainIds.map(layerKey)),
    shared: sum(chainIds.map(layerKey).filter(isShared)),
    reclaimable: sum([...sizes.keys()].filter((digest) => !keeps.has(digest))),
    images,
  };
}

// The images and their names: who has which tag, what is visible, what may be thrown away.
import { KeyedQueue } from '../async/keyed-queue.ts';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import type { ContentStore } from './content/store.ts';
import { ImageIndex } from './image-index.ts';
import { imageKey, type ImageRecord, type StoredImage, type Verification } from './image-record.ts';
import type { ImageStore } from './image-store.ts';
import type { Layers } from './layer-contract.ts';
import { matchesAny } from './pinned.ts';
import type { Descriptor } from './schema.ts';

export interface CatalogOptions {
  readonly store: ImageStore;
  readonly content: ContentStore;
  readonly layers: Pick<Layers, 'has'>;
  /** Globs over tags and digest references. */
  readonly pinned: readonly string[];
  /** Ids of images that containers use now. */
  readonly inUse: () => ReadonlySet<string>;
  readonly log: Logger;
}

// Every change of names goes through one queue: two pulls may move the same tag.
const QUEUE = 'names';

/** Owns the mapping from names to images. */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #queue = new KeyedQueue();
  #index = new ImageIndex([]);
  #blobs: ReadonlySet<string> = new Set();
  #layers: ReadonlySet<string> = new Set();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  /** The visible images, in memory. */
  get index(): ImageIndex {
    return this.#index;
  }

  /**
   * Finishes what a killed daemon left: a tag that was being moved belongs to the newer image alone. An image whose
   * layers a power cut took is hidden, so that it is pulled again.
   */
  async open(): Promise<void> {
    await this.#hideBroken();
    const newestFirst = [...this.#options.store.list()].sort((a, b) => Number(BigInt(b.pulledAt) - BigInt(a.pulledAt)));
    for (const image of newestFirst) await this.#takeTags(image);
    await this.#refresh();
  }

  /** Shows an image under its names, beside the ones it has; tags leave the images that had them. */
  async publish(image: StoredImage): Promise<StoredImage> {
    return this.#queue.run(QUEUE, async () => {
      const known = this.#options.store.find(imageKey(image));
      const merged = known === undefined ? image : withNamesOf(image, known);
      await this.#options.store.save(merged);
      await this.#takeTags(merged);
      await this.#refresh();
      return merged;
    });
  }

  /**
   * Takes every name from an image and forgets it; while a container uses it, it is only hidden.
   * @param handler the runtime handler whose record goes; all of them when empty
   */
  async remove(id: string, handler = ''): Promise<void> {
    await this.#queue.run(QUEUE, async () => {
      const isUsed = this.#options.inUse().has(id);
      for (const image of this.#options.store.list()) {
        if (image.id !== id || (handler !== '' && image.runtimeHandler !== handler)) continue;
        if (isUsed) await this.#options.store.save(hidden(image));
        else await this.#options.store.remove(image);
      }
      await this.#refresh();
    });
  }

  /** Forgets the hidden images that no container uses any more. */
  async dropHidden(): Promise<void> {
    await this.#queue.run(QUEUE, async () => {
      const used = this.#options.inUse();
      for (const image of this.#options.store.list())
        if (image.removed && !used.has(image.id)) await this.#options.store.remove(image);
      await this.#refresh();
    });
  }

  /** Every record, hidden ones included. */
  stored(): readonly StoredImage[] {
    return this.#options.store.list();
  }

  /** Whether a record, hidden ones included, names the blob. */
  needsBlob(digest: string): boolean {
    return this.#blobs.has(digest);
  }

  /** Likewise for a layer: the chain id of a bottom layer is also the digest of its blob when that is not compressed. */
  needsLayer(chainId: string): boolean {
    return this.#layers.has(chainId);
  }

  /** The record as the rest of the daemon sees it. */
  toImage(image: StoredImage): ImageRecord {
    const { id, repoTags, repoDigests, sizeBytes, layers, config, manifestDigest, runtimeHandler } = image;
    const pinned = matchesAny(this.#options.pinned, [...repoTags, ...repoDigests]);
    const { annotations, pulledAt, verifications, artifactType } = image;
    return {
      ...{ id, repoTags, repoDigests, sizeBytes, layers, config, manifestDigest, runtimeHandler },
      ...{ pinned, annotations, pulledAt, verifications, artifactType },
    };
  }

  async #hideBroken(): Promise<void> {
    const { store, layers, log } = this.#options;
    for (const image of store.list()) {
      if (image.removed || image.layers.every((chainId) => layers.has(chainId))) continue;
      const names = [...image.repoTags, ...image.repoDigests];
      log.warn({ image: image.id, names }, 'image lacks a layer and is taken out of the list: pull or import it again');
      await store.save(hidden(image));
    }
  }

  async #takeTags(winner: StoredImage): Promise<void> {
    const key = imageKey(winner);
    const current = this.#options.store.find(key);
    if (current === undefined) return;
    const taken = new Set(current.repoTags);
    for (const image of this.#options.store.list()) {
      if (imageKey(image) === key || image.runtimeHandler !== winner.runtimeHandler) continue;
      const kept = image.repoTags.filter((tag) => !taken.has(tag));
      if (kept.length < image.repoTags.length) await this.#options.store.save({ ...image, repoTags: kept });
    }
  }

  async #refresh(): Promise<void> {
    const stored = this.#options.store.list();
    const visible = stored.filter((image) => !image.removed);
    this.#blobs = new Set(stored.flatMap((image) => image.content));
    this.#layers = new Set(stored.flatMap((image) => image.layers));
    this.#index = new ImageIndex(visible.map((image) => this.toImage(image)));
    try {
      await this.#options.content.writeIndex(visible.flatMap(toIndexEntries));
    } catch (error) {
      // Only other tools read that file.
      this.#options.log.warn({ err: errorMessage(error) }, 'index of the image layout could not be written');
    }
  }
}

function hidden(image: StoredImage): StoredImage {
  return { ...image, repoTags: [], repoDigests: [], removed: true };
}

function toIndexEntries({ target, repoTags }: StoredImage): Descriptor[] {
  if (repoTags.length === 0) return [target];
  return repoTags.map((tag) => ({ ...target, annotations: { 'org.opencontainers.image.ref.name': tag } }));
}

function withNamesOf(image: StoredImage, known: StoredImage): StoredImage {
  return {
    ...image,
    repoTags: [...new Set([...known.repoTags, ...image.repoTags])],
    repoDigests: [...new Set([...known.repoDigests, ...image.repoDigests])],
    content: [...new Set([...known.content, ...image.content])],
    verifications: [
      ...image.verifications,
      ...known.verifications.filter((old) => !image.verifications.some((proof) => isSameProof(proof, old))),
    ],
  };
}

function isSameProof(one: Verification, other: Verification): boolean {
  return one.repository === other.repository && one.digest === other.digest && one.key === other.key;
}

// The images and their names: who has which tag, what is visible, what may be thrown away.
import { KeyedQueue } from '../async/keyed-queue.ts';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import type { ContentStore } from './content/store.ts';
import { ImageIndex } from './image-index.ts';
import { imageKey, type ImageRecord, type StoredImage } from './image-record.ts';
import type { ImageStore } from './image-store.ts';
import { matchesAny } from './pinned.ts';
import type { Descriptor } from './schema.ts';

export interface CatalogOptions {
  readonly store: ImageStore;
  readonly content: ContentStore;
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
  #referenced: ReadonlySet<string> = new Set();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  /** The visible images, in memory. */
  get index(): ImageIndex {
    return this.#index;
  }

  /** Finishes what a killed daemon left: a tag that was being moved belongs to the newer image alone. */
  async open(): Promise<void> {
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

  /** Takes every name from an image and forgets it; while a container uses it, it is only hidden. */
  async remove(id: string): Promise<void> {
    await this.#queue.run(QUEUE, async () => {
      const isUsed = this.#options.inUse().has(id);
      for (const image of this.#options.store.list().filter((each) => each.id === id)) {
        if (isUsed) await this.#options.store.save({ ...image, repoTags: [], repoDigests: [], removed: true });
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

  /** Whether a record, hidden ones included, names the blob or layer (chain id). */
  isReferenced(digest: string): boolean {
    return this.#referenced.has(digest);
  }

  /** The record as the rest of the daemon sees it. */
  toImage(image: StoredImage): ImageRecord {
    const { id, repoTags, repoDigests, sizeBytes, layers, config, manifestDigest, runtimeHandler } = image;
    const pinned = matchesAny(this.#options.pinned, [...repoTags, ...repoDigests]);
    const { annotations, pulledAt } = image;
    return {
      ...{ id, repoTags, repoDigests, sizeBytes, layers, config, manifestDigest, runtimeHandler },
      ...{ pinned, annotations, pulledAt },
    };
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
    this.#referenced = new Set(stored.flatMap((image) => [...image.content, ...image.layers]));
    this.#index = new ImageIndex(visible.map((image) => this.toImage(image)));
    try {
      await this.#options.content.writeIndex(visible.flatMap(toIndexEntries));
    } catch (error) {
      // Only other tools read that file.
      this.#options.log.warn({ err: errorMessage(error) }, 'index of the image layout could not be written');
    }
  }
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
  };
}

// The images of this node: what the rest of the daemon sees of them.
import { join } from 'node:path';
import { errorCode, type ErrorCode } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { BlobFetcher } from './blob-fetcher.ts';
import { Catalog } from './catalog.ts';
import { collectGarbage } from './collect.ts';
import { ContentStore } from './content/store.ts';
import { imageFsUsage, type ImageFsInfo } from './fs-info.ts';
import type { ImageRecord } from './image-record.ts';
import { ImageStore } from './image-store.ts';
import { importImages } from './import/import.ts';
import type { InstallDeps } from './install.ts';
import type { Layers } from './layer-contract.ts';
import { LayerFetcher } from './layer-fetcher.ts';
import { Leases } from './leases.ts';
import { hostPlatform } from './platform.ts';
import { Puller, type PullRequest } from './pull.ts';
import { AgentPool, DEFAULT_TIMEOUTS, type RegistryTimeouts } from './registry/agents.ts';

export type { ImageConfig, ImageRecord } from './image-record.ts';
export type { LayerProgress } from './progress.ts';
export type { PullRequest } from './pull.ts';
export type { RegistryAuth } from './registry/credentials.ts';
export type { ImageFsInfo } from './fs-info.ts';

export interface ImageServiceOptions {
  /** Directory of the image store; made when missing. */
  readonly root: string;
  /** Directories of `HOST/hosts.toml`, in the order to look; read at each pull. */
  readonly hostsDirs: readonly string[];
  /** docker's config.json; none when not given. */
  readonly dockerConfigPath?: string | undefined;
  /** Downloads at a time, over all pulls. */
  readonly maxConcurrentLayers: number;
  /** Globs over full references; `*` matches anything. */
  readonly pinned: readonly string[];
  /** Limits on silence: 10 s to connect, 30 s to the first byte, 60 s between bytes when not given. */
  readonly timeouts?: Partial<RegistryTimeouts> | undefined;
  readonly layers: Layers;
  readonly log: Logger;
  /** Ids of the images that containers use now; their layers stay. */
  readonly inUse: () => ReadonlySet<string>;
}

const PASSING: readonly ErrorCode[] = ['unavailable', 'deadline-exceeded', 'cancelled'];

/** Pulls, finds, imports and removes images. Reads are answered from memory. */
export class ImageService {
  readonly #options: ImageServiceOptions;
  readonly #content: ContentStore;
  readonly #catalog: Catalog;
  readonly #agents: AgentPool;
  readonly #leases = new Leases();
  readonly #install: InstallDeps;
  readonly #puller: Puller;

  private constructor(options: ImageServiceOptions, content: ContentStore, catalog: Catalog) {
    this.#options = options;
    this.#content = content;
    this.#catalog = catalog;
    this.#agents = new AgentPool({ ...DEFAULT_TIMEOUTS, ...options.timeouts });
    const blobs = new BlobFetcher(content, options.maxConcurrentLayers);
    this.#install = {
      content,
      blobs,
      layerFetcher: new LayerFetcher({ content, blobs, layers: options.layers }),
      leases: this.#leases,
      platform: hostPlatform(),
      publish: (image) => catalog.publish(image),
    };
    const { hostsDirs, dockerConfigPath } = options;
    this.#puller = new Puller({ ...this.#install, registries: { agents: this.#agents, hostsDirs, dockerConfigPath } });
  }

  /** Loads the images and sweeps what a killed daemon left half made. Garbage stays until `collectGarbage`. */
  static async open(options: ImageServiceOptions): Promise<ImageService> {
    const { root, log, pinned, inUse } = options;
    const content = await ContentStore.open({ root: join(root, 'content'), ingestRoot: join(root, 'ingest') });
    const store = await ImageStore.open({ root: join(root, 'images'), quarantine: join(root, 'quarantine'), log });
    const catalog = new Catalog({ store, content, pinned, inUse, log });
    await catalog.open();
    return new ImageService(options, content, catalog);
  }

  /** One record per image and handler. */
  list(): readonly ImageRecord[] {
    return this.#catalog.index.images;
  }

  /**
   * The image that `reference` means: an id with or without `sha256:`, an unambiguous prefix of one, a tag, a digest
   * reference, or a short name; undefined when there is none.
   */
  find(reference: string): ImageRecord | undefined {
    return this.#catalog.index.find(reference);
  }

  /**
   * Pulls an image; returns at once with an error when `signal` aborts.
   * @throws see `Puller.pull`
   */
  async pull(request: PullRequest): Promise<ImageRecord> {
    try {
      const image = this.#catalog.toImage(await this.#puller.pull(request));
      this.#options.log.info({ image: image.id, reference: request.reference }, 'image pulled');
      return image;
    } catch (error) {
      // What arrived whole is worth keeping when the next attempt may succeed.
      if (!PASSING.includes(errorCode(error))) await this.collectGarbage();
      throw error;
    }
  }

  /** Removes an image with all its names; may be repeated. Layers that containers use stay until those are gone. */
  async remove(reference: string): Promise<void> {
    const image = this.find(reference);
    if (image === undefined) return;
    await this.#catalog.remove(image.id);
    await this.collectGarbage();
  }

  /**
   * Imports every image of an OCI or docker archive or an OCI layout directory.
   * @param path absolute path on this host
   * @param names references to add when it holds exactly one image
   * @throws invalid-argument when it is no such archive; data-loss when content does not match its digest
   */
  async importArchive(path: string, names: readonly string[]): Promise<readonly ImageRecord[]> {
    try {
      const images = await importImages(this.#install, path, names);
      return images.map((image) => this.#catalog.toImage(image));
    } finally {
      // An archive also holds files that belong to no image.
      await this.collectGarbage();
    }
  }

  /** Removes content and layers that no image, pull or container needs; call it once the containers are known. */
  async collectGarbage(): Promise<void> {
    const { layers, log } = this.#options;
    await collectGarbage({ catalog: this.#catalog, content: this.#content, layers, leases: this.#leases, log });
  }

  /** What images take on the disk, from memory. */
  fsInfo(): ImageFsInfo {
    return imageFsUsage(this.#options.root, this.#content, this.#options.layers);
  }

  /** Drops the connections to registries; pulls in flight fail. */
  async close(): Promise<void> {
    await this.#agents.close();
  }
}

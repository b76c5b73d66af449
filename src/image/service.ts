// The images of this node: what the rest of the daemon sees of them.
import { join } from 'node:path';
import { errorCode, notFound, type ErrorCode } from '../errors.ts';
import { DiskChores, type DiskUsage } from '../host/disk-usage.ts';
import type { Logger } from '../observe/logger.ts';
import { BlobFetcher } from './blob-fetcher.ts';
import { DEFAULT_TUNING, type DownloadTuning } from './download/download-blob.ts';
import { Downloads, type DownloadCounts } from './download/downloads.ts';
import { Catalog } from './catalog.ts';
import { fsck, type FsckReport } from './check/fsck.ts';
import { restoreImage } from './check/restore.ts';
import { collectGarbage } from './collect.ts';
import { ContentStore } from './content/store.ts';
import { exportImages, type ExportFormat } from './export/export.ts';
import { imageFsUsage, type ImageFsInfo } from './fs-info.ts';
import type { ImageRecord } from './image-record.ts';
import { ImageStore } from './image-store.ts';
import { importImages } from './import/import.ts';
import type { InstallDeps } from './install.ts';
import type { Layers } from './layer-contract.ts';
import { LayerFetcher } from './layer-fetcher.ts';
import { Leases } from './leases.ts';
import { MAX_MANIFEST_BYTES } from './manifest.ts';
import { hostPlatform } from './platform.ts';
import { PullsInFlight, type PullInFlight } from './pulls-in-flight.ts';
import { Puller, type PullRequest } from './pull.ts';
import { storeUsage, type StoreUsage, type Tally } from './usage.ts';
import { ImageTrust } from './trust/image-trust.ts';
import { ACCEPT_ALL, type ContentPolicy } from './trust/policy.ts';
import type { RegistryAccess } from './registry/open-repository.ts';
import { DEFAULT_MAX_CONNECTIONS, DEFAULT_TIMEOUTS, type RegistryTimeouts } from './registry/limits.ts';

export type { ImageConfig, ImageRecord } from './image-record.ts';
export type { LayerProgress } from './progress.ts';
export type { PullRequest } from './pull.ts';
export type { RegistryAuth } from './registry/credentials.ts';
export type { ImageFsInfo } from './fs-info.ts';
export type { FsckReport } from './check/fsck.ts';
export { EXPORT_FORMATS, type ExportFormat } from './export/export.ts';
export type { StoreUsage, Tally } from './usage.ts';

export interface ImageServiceOptions {
  /** Directory of the image store; made when missing. */
  readonly root: string;
  /** Directories of `HOST/hosts.toml`, in the order to look; read at each pull. */
  readonly hostsDirs: readonly string[];
  /** docker's config.json; none when not given. */
  readonly dockerConfigPath?: string | undefined;
  /** Downloads at a time, over all pulls. */
  readonly maxConcurrentLayers: number;
  /** Whether compressed layers go once they are unpacked. */
  readonly discardBlobs?: boolean | undefined;
  /** Globs over full references; `*` matches anything. */
  readonly pinned: readonly string[];
  /** Limits on silence: 10 s to connect, 30 s to the first byte, 60 s between bytes when not given. */
  readonly timeouts?: Partial<RegistryTimeouts> | undefined;
  /** Against bombs; defaults are those of the configuration. */
  readonly limits?: { readonly maxManifestBytes: number; readonly maxLayers: number } | undefined;
  /** Which images are accepted; all of them when not given. */
  readonly policy?: ContentPolicy | undefined;
  /** How blobs are fetched: ranges and the slowest rate that is put up with. */
  readonly tuning?: Partial<Omit<DownloadTuning, 'windowMs'>> | undefined;
  /** Connections to one registry, over all pulls; 6 when not given. */
  readonly maxConnections?: number | undefined;
  readonly layers: Layers;
  /** Where pulls are entered; one of its own when not given. */
  readonly inFlight?: PullsInFlight;
  readonly log: Logger;
  /** Ids of the images that containers use now; their layers stay. */
  readonly inUse: () => ReadonlySet<string>;
}

// As many as the kernel stacks in one overlay.
const MAX_LAYERS = 500;

const PASSING: readonly ErrorCode[] = ['unavailable', 'deadline-exceeded', 'cancelled'];

/** Pulls, finds, imports and removes images. Reads are answered from memory. */
export class ImageService {
  readonly #options: ImageServiceOptions;
  readonly #content: ContentStore;
  readonly #catalog: Catalog;
  readonly #downloads: Downloads;
  readonly #inFlight: PullsInFlight;
  readonly #leases = new Leases();
  readonly #install: InstallDeps;
  readonly #puller: Puller;
  readonly #trust: ImageTrust;
  readonly #registries: RegistryAccess;
  readonly #chores = new DiskChores();
  #quarantined: DiskUsage = { bytes: 0, inodes: 0 };

  private constructor(options: ImageServiceOptions, inFlight: PullsInFlight, content: ContentStore, catalog: Catalog) {
    this.#options = options;
    this.#content = content;
    this.#catalog = catalog;
    const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.#inFlight = inFlight;
    this.#downloads = new Downloads({
      timeouts,
      maxConnections: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      tuning: { ...DEFAULT_TUNING, windowMs: timeouts.bodyMs, ...options.tuning },
    });
    const blobs = new BlobFetcher(content, options.maxConcurrentLayers);
    this.#install = {
      content,
      blobs,
      layerFetcher: new LayerFetcher({ content, blobs, layers: options.layers }),
      layers: options.layers,
      leases: this.#leases,
      platform: hostPlatform(),
      discardBlobs: options.discardBlobs ?? false,
      maxLayers: options.limits?.maxLayers ?? MAX_LAYERS,
      publish: (image) => catalog.publish(image),
    };
    const { hostsDirs, dockerConfigPath } = options;
    const maxManifestBytes = options.limits?.maxManifestBytes ?? MAX_MANIFEST_BYTES;
    this.#registries = {
      downloads: this.#downloads,
      hostsDirs,
      dockerConfigPath,
      maxManifestBytes,
    };
    this.#trust = new ImageTrust(options.policy ?? ACCEPT_ALL);
    this.#puller = new Puller({
      ...this.#install,
      registries: this.#registries,
      inFlight: this.#inFlight,
      trust: this.#trust,
    });
  }

  /** Loads the images and sweeps what a killed daemon left half made. Garbage stays until `collectGarbage`. */
  static async open(options: ImageServiceOptions): Promise<ImageService> {
    const { root, log, pinned, inUse, layers } = options;
    const { inFlight = new PullsInFlight(log) } = options;
    const content = await ContentStore.open({
      root: join(root, 'content'),
      ingestRoot: join(root, 'ingest'),
      isBusy: () => inFlight.isBusy,
      log,
    });
    const store = await ImageStore.open({ root: join(root, 'images'), quarantine: join(root, 'quarantine'), log });
    const catalog = new Catalog({ store, content, layers, pinned, inUse, log });
    await catalog.open();
    const service = new ImageService(options, inFlight, content, catalog);
    await service.#measureQuarantine();
    return service;
  }

  /** One record per image and handler. */
  list(): readonly ImageRecord[] {
    return this.#catalog.index.images;
  }

  /**
   * The image that `reference` means: an id with or without `sha256:`, an unambiguous prefix of one, a tag, a digest
   * reference, or a short name; undefined when there is none.
   * @param handler the runtime handler it must have been pulled for; any, the default one first, when empty
   */
  find(reference: string, handler = ''): ImageRecord | undefined {
    return this.#catalog.index.find(reference, handler);
  }

  /**
   * Asks the content policy whether a container may be made from an image that is here.
   * @param reference what the pod's author wrote; may be empty or an id
   * @throws permission-denied, beginning with `SignatureValidationFailed`
   */
  requireTrusted(image: ImageRecord, reference: string): void {
    this.#trust.require(image, reference);
  }

  /**
   * Pulls an image; returns at once with an error when `signal` aborts.
   * @throws see `Puller.pull`
   */
  async pull(request: PullRequest): Promise<ImageRecord> {
    try {
      const image = this.#catalog.toImage(await this.#puller.pull(request));
      this.#options.log.info({ image: image.id, reference: request.reference }, 'image pulled');
      if (this.#options.discardBlobs === true) await this.collectGarbage();
      return image;
    } catch (error) {
      // What arrived whole is worth keeping when the next attempt may succeed.
      if (!PASSING.includes(errorCode(error))) await this.collectGarbage();
      throw error;
    }
  }

  /**
   * Removes an image with all its names, for one runtime handler or, when empty, for all; may be repeated. Layers that
   * containers use stay until those are gone.
   */
  async remove(reference: string, handler = ''): Promise<void> {
    const image = this.find(reference, handler);
    if (image === undefined) return;
    await this.#catalog.remove(image.id, handler);
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

  /**
   * Writes images to `path` on this host, which must not exist yet.
   * @throws not-found for an image that is not here; what `exportImages` throws
   */
  async export(references: readonly string[], path: string, format: ExportFormat): Promise<void> {
    const release = this.#leases.holdAll();
    try {
      const images = references.map((reference) => {
        const image = this.find(reference);
        if (image === undefined) throw notFound('image', reference);
        return image;
      });
      await exportImages(this.#content, images, path, format);
    } finally {
      release();
    }
  }

  /** What images take on the disk, and for what; from memory but for the quarantine, which is measured. */
  async usage(): Promise<StoreUsage & { readonly quarantine: Tally }> {
    const { layers, inUse } = this.#options;
    const usage = storeUsage({ catalog: this.#catalog, content: this.#content, layers }, inUse());
    const { bytes, inodes } = await this.#measureQuarantine();
    return { ...usage, quarantine: { count: Math.max(inodes - 1, 0), bytes } };
  }

  /**
   * Checks every blob and layer against its digest, beside everything else.
   * @param repair sets what is damaged aside and gets it anew; otherwise nothing is touched
   */
  async check(repair: boolean): Promise<FsckReport> {
    const { layers, log } = this.#options;
    const signal = new AbortController().signal;
    const pull = (reference: string, runtimeHandler: string) =>
      this.#puller.pull({ reference, runtimeHandler, signal });
    const restoring = { ...this.#install, registries: this.#registries, pull };
    const report = await fsck(
      {
        ...{ catalog: this.#catalog, content: this.#content, leases: this.#leases, layers },
        quarantine: this.#quarantine,
        restore: (image) => restoreImage(restoring, image),
      },
      repair,
    );
    // What was fetched only to unpack it again goes, where blobs are dropped.
    if (repair && report.findings.length > 0) await this.collectGarbage();
    await this.#measureQuarantine();
    for (const finding of report.findings) log.warn({ ...finding }, 'image content is damaged');
    return report;
  }

  async #measureQuarantine(): Promise<DiskUsage> {
    this.#quarantined = await this.#chores.measure(this.#quarantine);
    return this.#quarantined;
  }

  get #quarantine(): string {
    return join(this.#options.root, 'quarantine');
  }

  /** Removes content and layers that no image, pull or container needs; call it once the containers are known. */
  async collectGarbage(): Promise<void> {
    const { layers, log } = this.#options;
    await collectGarbage({ catalog: this.#catalog, content: this.#content, layers, leases: this.#leases, log });
  }

  /** The pulls under way, those of equal requests as one. */
  pulls(): readonly PullInFlight[] {
    return this.#inFlight.list();
  }

  /** What fetching blobs has come to since the start. */
  downloadCounts(): DownloadCounts {
    return this.#downloads.counts;
  }

  /** What images take on the disk, from memory. */
  fsInfo(): ImageFsInfo {
    return imageFsUsage(this.#options.root, this.#content, this.#options.layers, this.#quarantined);
  }

  /** Drops the connections to registries; pulls in flight fail. */
  async close(): Promise<void> {
    await Promise.all([this.#downloads.close(), this.#chores.stop(), this.#content.close()]);
  }
}

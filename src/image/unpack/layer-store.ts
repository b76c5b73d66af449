// Unpacked layers on disk, each proven, complete and visible by one rename.
//
//   ROOT/HEX/fs           the layer as overlay wants it (HEX is the chain id's)
//   ROOT/HEX/layer.json   its record
//   ROOT/tmp-...          being made or being removed; swept at start
import { mkdir, rename } from 'node:fs/promises';
import { Limiter } from '../../async/limiter.ts';
import {
  DaemonError,
  errorCode,
  errorMessage,
  failedPrecondition,
  invalidArgument,
  notFound,
  withContext,
} from '../../errors.ts';
import { renameIfThere } from '../../host/atomic-file.ts';
import { DiskChores, type DiskUsage } from '../../host/disk-usage.ts';
import { bootId } from '../../host/procfs.ts';
import { hasZstd } from '../../host/zstd.ts';
import { newId } from '../../ids.ts';
import type { Logger } from '../../observe/logger.ts';
import type { LayerSource } from '../layer-contract.ts';
import { WriteThrough } from '../write-through.ts';
import { buildAlone, buildMerged, type LayerBuild } from './build-layer.ts';
import type { LayerBlob } from './layer-job.ts';
import { saveLayerRecord, type LayerRecord } from './layer-record.ts';
import { LayerWorkers, type Unpacked } from './layer-workers.ts';
import { loadLayers } from './load-layers.ts';
import { DEFAULT_LIMITS, type LayerLimits } from './limits.ts';
import { SharedFlights } from './shared-flights.ts';

export type { LayerSource } from '../layer-contract.ts';

export interface LayerStoreOptions {
  /** Directory of its own; made when absent. Must not itself lie on an overlay. */
  readonly root: string;
  readonly log: Logger;
  /** Layers unpacked at a time, 2 when not given. */
  readonly maxWorkers?: number;
  /** What is not given has its default. */
  readonly limits?: Partial<LayerLimits>;
  /** Whether the disk has something better to do than writing layers through; never when not given. */
  readonly isBusy?: () => boolean;
}

/** What a look at a layer's files has shown. */
export type LayerHealth = { readonly state: 'good' | 'unproven' } | { readonly state: 'damaged'; readonly why: string };

const CHAIN_ID = /^sha256:[0-9a-f]{64}$/;

export class LayerStore {
  readonly #root: string;
  readonly #log: Logger;
  readonly #limits: LayerLimits;
  readonly #slots: Limiter;
  readonly #workers = new LayerWorkers();
  readonly #chores = new DiskChores();
  readonly #flights = new SharedFlights();
  readonly #durability: WriteThrough;
  readonly #layers = new Map<string, LayerRecord>();

  private constructor(options: LayerStoreOptions) {
    this.#root = options.root;
    this.#log = options.log;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#slots = new Limiter(options.maxWorkers ?? 2);
    const onDurable = (chainId: string) => this.#recordDurable(chainId);
    const isBusy = options.isBusy ?? (() => false);
    this.#durability = new WriteThrough({ root: this.#root, chores: this.#chores, log: this.#log, isBusy, onDurable });
  }

  /**
   * Loads what is there and sweeps, in the background, what was left half made or cannot be trusted after a reboot.
   * Must run before any layer Worker starts: it also makes sure that the thread pool keeps the host's root.
   */
  static async open(options: LayerStoreOptions): Promise<LayerStore> {
    const store = new LayerStore(options);
    await mkdir(options.root, { recursive: true, mode: 0o700 });
    const { layers, leftovers } = await loadLayers(options.root);
    for (const [chainId, record] of layers) {
      store.#layers.set(chainId, record);
      if (!record.durable) store.#durability.add(chainId);
    }
    for (const leftover of leftovers) store.#discard(leftover);
    return store;
  }

  has(chainId: string): boolean {
    return this.#layers.has(chainId);
  }

  warmUp(): void {
    this.#workers.warmUp();
  }

  list(): readonly string[] {
    return [...this.#layers.keys()];
  }

  /** The directory of a layer's files; the layer need not exist. */
  directory(chainId: string): string {
    return `${this.#home(chainId)}/fs`;
  }

  /** What a layer takes on disk: added up while it was unpacked, exact once it is durable. @throws not-found */
  usage(chainId: string): DiskUsage {
    const record = this.#layers.get(chainId);
    if (record === undefined) throw notFound('layer', chainId);
    return { bytes: record.bytes, inodes: record.inodes };
  }

  /**
   * Unpacks a layer unless it is there. Layers of one image may be unpacked side by side; calls for one chain id share
   * one run, which ends early only when every caller's `signal` has aborted. A failure leaves nothing behind.
   *
   * @param parents chain ids of the layers below, bottom first; a layer that cannot do without them waits for those
   *   in flight
   * @throws data-loss when the content is not what `diffId` says; invalid-argument when it is malformed;
   *   resource-exhausted beyond a limit or on a full disk; failed-precondition when a parent it needs is missing;
   *   cancelled
   */
  async unpack(chainId: string, parents: readonly string[], source: LayerSource, signal: AbortSignal): Promise<void> {
    if (!CHAIN_ID.test(chainId)) throw invalidArgument(`"${chainId}" is not a chain id`);
    if (this.has(chainId)) return;
    try {
      await this.#flights.run(chainId, signal, (all) => this.#unpack(chainId, parents, source, all));
    } catch (error) {
      throw signal.aborted
        ? new DaemonError('cancelled', `unpacking layer "${chainId}" was cancelled`, error)
        : withContext('unpacking', error);
    }
  }

  /** Removes a layer; the files go in the background. May be repeated. The caller knows that nothing uses it. */
  async remove(chainId: string): Promise<void> {
    if (!this.#layers.delete(chainId)) return;
    const grave = this.#temporary();
    await rename(this.#home(chainId), grave);
    this.#discard(grave);
  }

  /**
   * Compares a layer with what it was when it was unpacked; what has no digest yet gets one.
   * @throws not-found
   */
  async verify(chainId: string): Promise<LayerHealth> {
    const record = this.#layers.get(chainId);
    if (record === undefined) throw notFound('layer', chainId);
    let digest: string;
    try {
      digest = await this.#chores.digest(this.directory(chainId));
    } catch (error) {
      return { state: 'damaged', why: `it cannot be read: ${errorMessage(error)}` };
    }
    if (record.treeDigest === digest) return { state: 'good' };
    if (record.treeDigest !== undefined) return { state: 'damaged', why: 'its files are not those that were unpacked' };
    await this.#save(chainId, { ...record, treeDigest: digest });
    return { state: 'unproven' };
  }

  /** Takes a layer away and puts its files into `directory`, for a person to look at. Mounts that show it go on. */
  async setAside(chainId: string, directory: string): Promise<void> {
    if (!this.#layers.delete(chainId)) return;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const hex = chainId.replace('sha256:', '');
    await renameIfThere(this.#home(chainId), `${directory}/layer-${Date.now()}-${hex}`);
  }

  /** Ends background work; layers that are not durable yet are taken up again by the next `open`. */
  async close(): Promise<void> {
    this.#durability.stop();
    await Promise.all([this.#chores.stop(), this.#workers.close()]);
  }

  #home(chainId: string): string {
    return `${this.#root}/${chainId.replace('sha256:', '')}`;
  }

  #temporary(): string {
    return `${this.#root}/tmp-${newId().slice(0, 16)}`;
  }

  async #unpack(chainId: string, parents: readonly string[], source: LayerSource, signal: AbortSignal): Promise<void> {
    if (this.has(chainId)) return;
    // The program that stands in for a missing libzstd reads whole files only.
    if (!hasZstd()) await source.arrival?.whole;
    if (source.arrival === undefined || !hasZstd()) await this.#install(chainId, parents, whole(source), signal);
    else if (!(await this.#follow(chainId, parents, source, source.arrival.whole, signal)))
      await this.#install(chainId, parents, whole(source), signal);
  }

  /** Unpacks right behind the download; returns whether that led to the layer. */
  async #follow(
    chainId: string,
    parents: readonly string[],
    source: LayerSource,
    arrived: Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      return await this.#install(chainId, parents, source, signal);
    } catch (error) {
      if (signal.aborted || errorCode(error) === 'resource-exhausted') throw error;
      // Bytes that nobody has proven yet cannot be blamed on the layer.
      await arrived;
      return false;
    }
  }

  /** Returns whether the layer is there now; it is not when the bytes that were followed are no blob. */
  async #install(
    chainId: string,
    parents: readonly string[],
    source: LayerSource,
    signal: AbortSignal,
  ): Promise<boolean> {
    const first = await this.#slots.run(() => this.#attempt(chainId, parents.length > 0, undefined, source, signal));
    if (first.kind !== 'needs-parents') return first.kind === 'done';
    this.#log.debug({ chainId, why: first.why }, 'layer needs its parents');
    const lower = await this.#directories(parents);
    const second = await this.#slots.run(() => this.#attempt(chainId, true, lower, source, signal));
    return second.kind === 'done';
  }

  // Waits outside the limiter: a parent may need the slot.
  async #directories(parents: readonly string[]): Promise<string[]> {
    for (const parent of parents) {
      if (!this.has(parent)) await this.#flights.settled(parent);
      if (!this.has(parent)) throw failedPrecondition(`layer "${parent}" below it is missing`);
    }
    return parents.map((parent) => this.directory(parent)).reverse();
  }

  async #attempt(
    chainId: string,
    hasParents: boolean,
    lower: readonly string[] | undefined,
    source: LayerSource,
    signal: AbortSignal,
  ): Promise<Unpacked> {
    const directory = this.#temporary();
    const { diffId } = source;
    const [workers, limits] = [this.#workers, this.#limits];
    const build: LayerBuild = { directory, blob: toBlob(source), hasParents, diffId, limits, workers, signal };
    try {
      await mkdir(directory, { mode: 0o700 });
      const outcome = await (lower === undefined ? buildAlone(build) : buildMerged(build, lower, this.#chores));
      if (outcome.kind !== 'done') {
        this.#discard(directory);
        return outcome;
      }
      // Both digests are proven before anybody sees the layer.
      await source.arrival?.whole;
      signal.throwIfAborted();
      const { bytes, inodes } = outcome;
      const record: LayerRecord = { version: 1, diffId, bytes, inodes, bootId: bootId(), durable: false };
      await saveLayerRecord(directory, record);
      await rename(directory, this.#home(chainId));
      this.#layers.set(chainId, record);
      this.#durability.add(chainId);
      return outcome;
    } catch (error) {
      await this.#chores.remove(directory);
      throw error;
    }
  }

  async #recordDurable(chainId: string): Promise<void> {
    const record = this.#layers.get(chainId);
    if (record === undefined) return;
    const directory = this.directory(chainId);
    const treeDigest = record.treeDigest ?? (await this.#chores.digest(directory));
    const usage = await this.#chores.measure(directory);
    // Not a layer that was unpacked again since.
    if (this.#layers.get(chainId) !== record) return;
    await this.#save(chainId, { ...record, ...usage, durable: true, treeDigest });
  }

  async #save(chainId: string, record: LayerRecord): Promise<void> {
    await saveLayerRecord(this.#home(chainId), record);
    if (this.has(chainId)) this.#layers.set(chainId, record);
  }

  #discard(path: string): void {
    this.#chores.remove(path).catch((err: unknown) => {
      this.#log.warn({ path, err: errorMessage(err) }, 'leftover of a layer could not be removed');
    });
  }
}

function whole({ path, mediaType, diffId }: LayerSource): LayerSource {
  return { path, mediaType, diffId };
}

function toBlob({ path, arrival }: LayerSource): LayerBlob {
  if (arrival === undefined) return { path };
  const { path: partial, sizeBytes, gauge } = arrival;
  return { path, arrival: { path: partial, sizeBytes, shared: gauge.shared } };
}

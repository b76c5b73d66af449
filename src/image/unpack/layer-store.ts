// Unpacked layers on disk, each proven, complete and visible by one rename.
//
//   ROOT/HEX/fs           the layer as overlay wants it (HEX is the chain id's)
//   ROOT/HEX/layer.json   its record
//   ROOT/tmp-...          being made or being removed; swept at start
import { mkdir, rename } from 'node:fs/promises';
import { Limiter } from '../../async/limiter.ts';
import { DaemonError, errorMessage, failedPrecondition, invalidArgument, notFound, withContext } from '../../errors.ts';
import { DiskChores, type DiskUsage } from '../../host/disk-usage.ts';
import { bootId } from '../../host/procfs.ts';
import { newId } from '../../ids.ts';
import type { Logger } from '../../observe/logger.ts';
import { buildAlone, buildMerged, type LayerBuild } from './build-layer.ts';
import { LayerDurability } from './layer-durability.ts';
import { saveLayerRecord, type LayerRecord } from './layer-record.ts';
import { loadLayers } from './load-layers.ts';
import { DEFAULT_LIMITS, type LayerLimits } from './limits.ts';
import { SharedFlights } from './shared-flights.ts';

/** Where a layer's content comes from. */
export interface LayerSource {
  /** The blob's file, verified already against its own digest. */
  readonly path: string;
  /** Of the descriptor; the compression is recognised by content all the same. */
  readonly mediaType: string;
  /** `sha256:HEX` of the uncompressed tar, from the image's config. */
  readonly diffId: string;
}

export interface LayerStoreOptions {
  /** Directory of its own; made when absent. Must not itself lie on an overlay. */
  readonly root: string;
  readonly log: Logger;
  /** Layers unpacked at a time, 2 when not given. */
  readonly maxWorkers?: number;
  readonly limits?: Partial<LayerLimits>;
}

const CHAIN_ID = /^sha256:[0-9a-f]{64}$/;

export class LayerStore {
  readonly #root: string;
  readonly #log: Logger;
  readonly #limits: LayerLimits;
  readonly #workers: Limiter;
  readonly #chores = new DiskChores();
  readonly #flights = new SharedFlights();
  readonly #durability: LayerDurability;
  readonly #layers = new Map<string, LayerRecord>();

  private constructor(options: LayerStoreOptions) {
    this.#root = options.root;
    this.#log = options.log;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#workers = new Limiter(options.maxWorkers ?? 2);
    const onDurable = (chainId: string) => this.#recordDurable(chainId);
    this.#durability = new LayerDurability({ root: this.#root, chores: this.#chores, log: this.#log, onDurable });
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

  list(): readonly string[] {
    return [...this.#layers.keys()];
  }

  /** The directory of a layer's files; the layer need not exist. */
  directory(chainId: string): string {
    return `${this.#home(chainId)}/fs`;
  }

  /** What a layer takes on disk, known since it was unpacked. @throws not-found */
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
      const subject = `unpacking layer "${chainId}"`;
      throw signal.aborted
        ? new DaemonError('cancelled', `${subject} was cancelled`, error)
        : withContext(subject, error);
    }
  }

  /** Removes a layer; the files go in the background. May be repeated. The caller knows that nothing uses it. */
  async remove(chainId: string): Promise<void> {
    if (!this.#layers.delete(chainId)) return;
    const grave = this.#temporary();
    await rename(this.#home(chainId), grave);
    this.#discard(grave);
  }

  /** Ends background work; layers that are not durable yet are taken up again by the next `open`. */
  async close(): Promise<void> {
    this.#durability.stop();
    await this.#chores.stop();
  }

  #home(chainId: string): string {
    return `${this.#root}/${chainId.replace('sha256:', '')}`;
  }

  #temporary(): string {
    return `${this.#root}/tmp-${newId().slice(0, 16)}`;
  }

  async #unpack(chainId: string, parents: readonly string[], source: LayerSource, signal: AbortSignal): Promise<void> {
    if (this.has(chainId)) return;
    const why = await this.#workers.run(() => this.#attempt(chainId, parents.length > 0, undefined, source, signal));
    if (why === undefined) return;
    this.#log.debug({ chainId, why }, 'layer needs its parents');
    const lower = await this.#directories(parents);
    await this.#workers.run(() => this.#attempt(chainId, true, lower, source, signal));
  }

  // Waits outside the limiter: a parent may need the slot.
  async #directories(parents: readonly string[]): Promise<string[]> {
    for (const parent of parents) {
      if (!this.has(parent)) await this.#flights.settled(parent);
      if (!this.has(parent)) throw failedPrecondition(`layer "${parent}" below it is missing`);
    }
    return parents.map((parent) => this.directory(parent)).reverse();
  }

  /** Returns why the layer needs its parents, or undefined when it is done. */
  async #attempt(
    chainId: string,
    hasParents: boolean,
    lower: readonly string[] | undefined,
    source: LayerSource,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const directory = this.#temporary();
    const { diffId, path: blob } = source;
    const build: LayerBuild = { directory, blob, hasParents, diffId, limits: this.#limits, signal };
    try {
      await mkdir(directory, { mode: 0o700 });
      const outcome = await (lower === undefined ? buildAlone(build) : buildMerged(build, lower, this.#chores));
      if (outcome.kind === 'needs-parents') {
        this.#discard(directory);
        return outcome.why;
      }
      signal.throwIfAborted();
      const { bytes, inodes } = outcome;
      const record: LayerRecord = { version: 1, diffId, bytes, inodes, bootId: bootId(), durable: false };
      await saveLayerRecord(directory, record);
      await rename(directory, this.#home(chainId));
      this.#layers.set(chainId, record);
      this.#durability.add(chainId);
      return undefined;
    } catch (error) {
      await this.#chores.remove(directory);
      throw error;
    }
  }

  async #recordDurable(chainId: string): Promise<void> {
    const record = this.#layers.get(chainId);
    if (record === undefined) return;
    const durable = { ...record, durable: true };
    await saveLayerRecord(this.#home(chainId), durable);
    if (this.has(chainId)) this.#layers.set(chainId, durable);
  }

  #discard(path: string): void {
    this.#chores.remove(path).catch((err: unknown) => {
      this.#log.warn({ path, err: errorMessage(err) }, 'leftover of a layer could not be removed');
    });
  }
}

// Brings an image's layers onto the disk: fetched side by side, each one unpacked once however many pulls want it.
import { errorCode, withContext } from '../errors.ts';
import type { Arrival } from './arrival.ts';
import type { BlobFetcher, BlobSource } from './blob-fetcher.ts';
import { chainIds } from './chain-id.ts';
import type { ContentStore } from './content/store.ts';
import type { Layers } from './layer-contract.ts';
import type { PullProgress } from './progress.ts';
import type { Descriptor } from './schema.ts';

export interface LayerFetcherDeps {
  readonly content: ContentStore;
  readonly blobs: BlobFetcher;
  readonly layers: Layers;
}

/** One layer of an image and its place in it. */
export interface LayerPlan {
  readonly descriptor: Descriptor;
  readonly diffId: string;
  readonly chainId: string;
  /** Chain ids below, bottom first. */
  readonly parents: readonly string[];
}

/** Pairs descriptors with diff ids, bottom first; both lists have the same length. */
export function planLayers(descriptors: readonly Descriptor[], diffIds: readonly string[]): readonly LayerPlan[] {
  const chain = chainIds(diffIds);
  return descriptors.map((descriptor, index) => ({
    descriptor,
    diffId: diffIds[index] ?? '',
    chainId: chain[index] ?? '',
    parents: chain.slice(0, index),
  }));
}

/** Fetches and unpacks layers. */
export class LayerFetcher {
  readonly #deps: LayerFetcherDeps;

  constructor(deps: LayerFetcherDeps) {
    this.#deps = deps;
  }

  /** Makes sure that every layer of the plan is unpacked. The first failure stops the others that nobody else wants. */
  async ensure(
    plan: readonly LayerPlan[],
    source: BlobSource,
    progress: PullProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const stop = new AbortController();
    const combined = AbortSignal.any([signal, stop.signal]);
    const works: Promise<void>[] = [];
    for (const layer of plan) {
      const below = Promise.all(works).then(() => undefined);
      // The failure of a lower layer is its own to report.
      below.catch(() => undefined);
      works.push(this.#ensureLayer(layer, below, source, progress, combined));
    }
    try {
      await Promise.all(works);
    } catch (error) {
      stop.abort(error);
      await Promise.allSettled(works);
      throw error;
    }
  }

  async #ensureLayer(
    layer: LayerPlan,
    below: Promise<void>,
    source: BlobSource,
    progress: PullProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const { digest } = layer.descriptor;
    if (this.#deps.layers.has(layer.chainId)) {
      progress.finished(digest, 'exists');
      return;
    }
    const blob = this.#deps.blobs.fetch(layer.descriptor, source, signal);
    const whole = blob.whole.catch((error: unknown) => {
      throw withContext(`layer "${digest}"`, error);
    });
    // Whichever fails first is thrown below; the other must not be taken for unhandled.
    whole.catch(() => undefined);
    const arrival = await Promise.race([blob.begun, whole.then(() => undefined)]);
    if (arrival === undefined) await whole;
    try {
      await this.#unpack(layer, arrival, below, signal);
    } catch (error) {
      // Nothing that is still to come can make up for a limit or a full disk.
      if (errorCode(error) !== 'resource-exhausted') await whole;
      // We followed another pull's download, or its unpacking, and it has gone; our own blob is here.
      const isForeign = errorCode(error) === 'cancelled' || errorCode(error) === 'unavailable';
      if (signal.aborted || !isForeign) throw withContext(`layer "${digest}"`, error);
      await this.#unpack(layer, undefined, below, signal);
    }
    progress.finished(digest, 'done');
  }

  async #unpack(
    layer: LayerPlan,
    arrival: Arrival | undefined,
    below: Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { digest, mediaType } = layer.descriptor;
    const blob = { path: this.#deps.content.path(digest), mediaType, diffId: layer.diffId, arrival };
    try {
      await this.#deps.layers.unpack(layer.chainId, layer.parents, blob, signal);
    } catch (error) {
      if (errorCode(error) !== 'failed-precondition') throw error;
      // A rare layer that cannot be read without those below it, which were still on their way.
      await below;
      await this.#deps.layers.unpack(layer.chainId, layer.parents, blob, signal);
    }
  }
}

// The pulls that are under way: what the log, verbose statuses and the command line tell of them.
import type { Logger } from '../observe/logger.ts';
import type { LayerProgress } from './progress.ts';

/** One pull under way. */
export interface PullInFlight {
  /** As it was asked for, in full. */
  readonly reference: string;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Empty until the manifest is known. */
  readonly layers: readonly LayerProgress[];
}

const LOG_MS = 10_000;

export class PullsInFlight {
  readonly #log: Logger;
  readonly #pulls = new Set<{ reference: string; startedAtMs: number; layers: readonly LayerProgress[] }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  list(): readonly PullInFlight[] {
    return [...this.#pulls];
  }

  get isBusy(): boolean {
    return this.#pulls.size > 0;
  }

  /** Adds a pull, whose progress is logged every 10 s until `end`. */
  begin(reference: string): { readonly update: (layers: readonly LayerProgress[]) => void; readonly end: () => void } {
    const pull = { reference, startedAtMs: Date.now(), layers: [] as readonly LayerProgress[] };
    this.#pulls.add(pull);
    let before = 0;
    const timer = setInterval(() => {
      const { doneBytes, ...sum } = summarize(pull.layers);
      const bytesPerSecond = Math.round(((doneBytes - before) * 1000) / LOG_MS);
      before = doneBytes;
      this.#log.info({ image: reference, ...sum, doneBytes, bytesPerSecond }, 'image is being pulled');
    }, LOG_MS);
    timer.unref();
    return {
      update: (layers) => (pull.layers = layers),
      end: () => {
        clearInterval(timer);
        this.#pulls.delete(pull);
      },
    };
  }
}

interface Summary {
  readonly layers: number;
  readonly layersDone: number;
  /** Compressed, of the layers that were not here already. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** How far a pull is. */
export function summarize(layers: readonly LayerProgress[]): Summary {
  const wanted = layers.filter(({ state }) => state !== 'exists');
  return {
    layers: layers.length,
    layersDone: layers.filter(({ state }) => state === 'done' || state === 'exists').length,
    doneBytes: wanted.reduce((sum, { doneBytes }) => sum + doneBytes, 0),
    totalBytes: wanted.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
  };
}

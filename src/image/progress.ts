// How far a pull is, layer by layer, told at a steady pace however fast the bytes come.

export interface LayerProgress {
  /** Of the compressed blob. */
  readonly digest: string;
  /** `exists`: it was here already. */
  readonly state: 'waiting' | 'downloading' | 'done' | 'exists';
  /** Compressed bytes. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export type OnProgress = (layers: readonly LayerProgress[]) => void;

const INTERVAL_MS = 100;

/** The state of one pull's layers. */
export class PullProgress {
  readonly #layers = new Map<string, LayerProgress>();
  readonly #onProgress: OnProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #changed = true;

  constructor(onProgress: OnProgress | undefined) {
    this.#onProgress = onProgress;
  }

  /** Names the layers and begins to report. */
  start(layers: readonly { readonly digest: string; readonly size: number }[]): void {
    for (const { digest, size } of layers)
      this.#layers.set(digest, { digest, state: 'waiting', doneBytes: 0, totalBytes: size });
    if (this.#onProgress === undefined) return;
    this.#timer = setInterval(() => this.#report(), INTERVAL_MS);
    this.#timer.unref();
  }

  received(digest: string, doneBytes: number): void {
    this.#set(digest, { state: 'downloading', doneBytes });
  }

  finished(digest: string, state: 'done' | 'exists'): void {
    const layer = this.#layers.get(digest);
    if (layer?.state === 'done' || layer?.state === 'exists') return;
    this.#set(digest, { state, doneBytes: layer?.totalBytes ?? 0 });
  }

  /** Reports the last state and stops; may be repeated. */
  stop(): void {
    clearInterval(this.#timer);
    this.#report();
  }

  #set(digest: string, change: Pick<LayerProgress, 'state' | 'doneBytes'>): void {
    const layer = this.#layers.get(digest);
    if (layer === undefined) return;
    this.#layers.set(digest, { ...layer, ...change });
    this.#changed = true;
  }

  #report(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.#onProgress?.([...this.#layers.values()]);
  }
}

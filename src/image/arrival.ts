// A blob while it arrives: its file grows at the end, and whoever reads it follows right behind, in any thread.

// Cells of the shared memory.
const BYTES_LOW = 0;
const BYTES_HIGH = 1;
const STATE = 2;
const CHANGES = 3;
const CELLS = 4;

const ARRIVING = 0;
const COMPLETE = 1;
const VOID = 2;

/** Long enough to cost nothing, short enough that a lost wake-up would not be noticed. */
const WAIT_MS = 1000;

/** What a follower of an arriving file may do next. */
export type Available =
  | { readonly kind: 'bytes'; readonly bytes: number }
  /** Every byte has been read; whether they are the right ones is proven elsewhere. */
  | { readonly kind: 'end' }
  /** The bytes read so far proved wrong, or the sender gave up. */
  | { readonly kind: 'void' };

/** The gauge of one arriving file, over memory that threads share. */
export class ArrivalGauge {
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#cells = new Int32Array(shared);
  }

  /** Bytes that can be read from the file. Only the one writer moves it. */
  get bytes(): number {
    for (;;) {
      const high = Atomics.load(this.#cells, BYTES_HIGH);
      const low = Atomics.load(this.#cells, BYTES_LOW) >>> 0;
      // The two halves belong together unless the writer came in between.
      if (Atomics.load(this.#cells, BYTES_HIGH) === high) return high * 2 ** 32 + low;
    }
  }

  grow(bytes: number): void {
    Atomics.store(this.#cells, BYTES_HIGH, Math.floor(bytes / 2 ** 32));
    Atomics.store(this.#cells, BYTES_LOW, bytes | 0);
    this.#wake();
  }

  /** Says that no more bytes come. */
  complete(): void {
    Atomics.compareExchange(this.#cells, STATE, ARRIVING, COMPLETE);
    this.#wake();
  }

  /** Sends every follower away, for good. */
  void(): void {
    Atomics.store(this.#cells, STATE, VOID);
    this.#wake();
  }

  /** Waits until there is something behind the first `at` bytes, or will never be. */
  async beyond(at: number): Promise<Available> {
    for (;;) {
      const seen = Atomics.load(this.#cells, CHANGES);
      const state = Atomics.load(this.#cells, STATE);
      const bytes = this.bytes;
      if (state === VOID) return { kind: 'void' };
      if (bytes > at) return { kind: 'bytes', bytes };
      if (state === COMPLETE) return { kind: 'end' };
      await waitForChange(this.#cells, CHANGES, seen);
    }
  }

  #wake(): void {
    Atomics.add(this.#cells, CHANGES, 1);
    Atomics.notify(this.#cells, CHANGES);
  }
}

interface AsyncAtomics {
  waitAsync(
    cells: Int32Array,
    index: number,
    value: number,
    timeoutMs: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<string> };
}

// Waits without stopping the thread: what was read before is being unpacked meanwhile.
async function waitForChange(cells: Int32Array, index: number, seen: number): Promise<void> {
  const waiting = (Atomics as unknown as AsyncAtomics).waitAsync(cells, index, seen, WAIT_MS);
  if (!waiting.async) return;
  // A wait of this kind alone does not keep a thread alive.
  const alive = setInterval(() => undefined, WAIT_MS);
  try {
    await waiting.value;
  } finally {
    clearInterval(alive);
  }
}

/** A blob that is on its way. */
export interface Arrival {
  /** The growing file; gone from there once the blob is in the content store. */
  readonly path: string;
  /** The size it will have. */
  readonly sizeBytes: number;
  readonly gauge: ArrivalGauge;
  /** Resolves when the blob is proven and in the content store; rejects when it will not be. */
  readonly whole: Promise<void>;
}

// Shows a pull's layers: bars that are redrawn on a terminal, one line per finished layer elsewhere.
import type { LayerProgress } from '../gen/crisol/v1/LayerProgress.ts';
import { humanSize } from './human-size.ts';
import type { Output } from './output.ts';

export interface ProgressView {
  /** Shows the state of all layers; called as often as the daemon reports. */
  show(layers: readonly LayerProgress[]): void;
}

/** The view that fits the output. */
export function progressView(output: Output): ProgressView {
  return output.terminal === undefined ? new ProgressLines(output) : new ProgressBars(output);
}

const STATES = { WAITING: 'waiting', DOWNLOADING: 'pulling', DONE: 'done', EXISTS: 'exists' } as const;

function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

class ProgressLines implements ProgressView {
  readonly #output: Output;
  readonly #finished = new Set<string>();

  constructor(output: Output) {
    this.#output = output;
  }

  show(layers: readonly LayerProgress[]): void {
    for (const { digest, state, totalBytes } of layers) {
      if ((state !== 'DONE' && state !== 'EXISTS') || this.#finished.has(digest)) continue;
      this.#finished.add(digest);
      this.#output.out(`${shortDigest(digest)} ${STATES[state]} ${humanSize(Number(totalBytes))}\n`);
    }
  }
}

class ProgressBars implements ProgressView {
  readonly #output: Output;
  #drawn = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(layers: readonly LayerProgress[]): void {
    const { columns, rows } = this.#output.terminal ?? { columns: 80, rows: 24 };
    const room = Math.max(1, rows - 2);
    // What has scrolled off the top cannot be redrawn: when there are too many layers, finished ones give way.
    const unfinished = layers.filter(({ state }) => state === 'WAITING' || state === 'DOWNLOADING');
    const visible = layers.length <= room ? layers : unfinished.slice(0, room);
    const lines = visible.map((layer) => bar(layer, columns));
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    this.#output.out(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    this.#drawn = lines.length;
  }
}

/** One layer as a line of at most `columns` characters. */
export function bar({ digest, state, doneBytes, totalBytes }: LayerProgress, columns: number): string {
  const total = Number(totalBytes);
  const share = state === 'DONE' || state === 'EXISTS' ? 1 : total === 0 ? 0 : Math.min(1, Number(doneBytes) / total);
  const left = `${shortDigest(digest).padEnd(12)} ${STATES[state].padEnd(7)} `;
  const right = ` ${humanSize(Number(doneBytes)).padStart(6)} / ${humanSize(total).padStart(6)}`;
  const width = Math.min(50, columns - left.length - right.length - 3);
  if (width < 5) return `${left}${Math.floor(share * 100)}%`.slice(0, Math.max(0, columns - 1));
  const filled = Math.floor(share * width);
  return `${left}[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]${right}`;
}

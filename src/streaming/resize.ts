// A client's terminal sizes: JSON objects on the resize stream, one after the other.
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { TerminalSize } from './session.ts';

const MAX_CELLS = 65_535;
/** Longer than any size is written. */
const MAX_TEXT = 1024;
const Cells = z.int().min(0).max(MAX_CELLS);
const Size = z.object({ Width: Cells, Height: Cells });

/** Follows a resize stream from its start; what is no size is passed over. */
export class TerminalSizes {
  readonly #listeners: ((size: TerminalSize) => void)[] = [];
  #text = '';
  #last: TerminalSize | undefined;

  constructor(source: Readable | undefined) {
    source?.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')));
  }

  /** Tells each size from now on, and at once the last one. */
  onResize(listener: (size: TerminalSize) => void): void {
    this.#listeners.push(listener);
    if (this.#last !== undefined) listener(this.#last);
  }

  #take(text: string): void {
    const parts = (this.#text + text).split('}');
    this.#text = (parts.pop() ?? '').slice(-MAX_TEXT);
    parts.forEach((part) => this.#parse(`${part}}`));
  }

  #parse(text: string): void {
    const size = parseSize(text);
    if (size === undefined) return;
    this.#last = { rows: size.Height, columns: size.Width };
    for (const listener of this.#listeners) listener(this.#last);
  }
}

function parseSize(text: string): z.infer<typeof Size> | undefined {
  try {
    return Size.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

// The rest of a blob in ranges that are fetched side by side and handed over in order.
import type { Dispatcher } from '../registry/http.ts';
import { DaemonError } from '../../errors.ts';

/** Bytes `from` up to and without `end`. */
export interface Range {
  readonly from: number;
  readonly end: number;
}

/** The next range of a blob of `size` bytes. */
export function rangeAt(from: number, size: number, chunkBytes: number): Range {
  return { from, end: Math.min(from + chunkBytes, size) };
}

/** The value of the Range header. */
export function rangeHeader({ from, end }: Range): string {
  return `bytes=${from}-${end - 1}`;
}

/**
 * Checks that a 206 answer holds the range that was asked for; a registry that does not say is believed, as the digest
 * is proven in the end.
 * @throws data-loss when it says something else
 */
export function checkRange(answer: Dispatcher.ResponseData, range: Range, what: string): void {
  const said = answer.headers['content-range'];
  const match = /^bytes (\d+)-(\d+)\//.exec(typeof said === 'string' ? said : '');
  if (match === null || Number(match[1]) === range.from) return;
  throw new DaemonError('data-loss', `asked for ${rangeHeader(range)} of ${what}, it sent "${String(said)}"`);
}

/**
 * Fetches the ranges from `from` to `size`, `ahead` of them at a time, and yields the pieces of each in order. Memory
 * holds at most `ahead` ranges. Leaving the loop stops the requests.
 */
export async function* sideBySide(
  { from, size, chunkBytes, ahead }: { from: number; size: number; chunkBytes: number; ahead: number },
  fetchRange: (range: Range, signal: AbortSignal) => Promise<readonly Buffer[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly Buffer[], void, undefined> {
  const stop = new AbortController();
  const combined = AbortSignal.any([signal, stop.signal]);
  const queue: Promise<readonly Buffer[]>[] = [];
  let next = from;
  const fill = () => {
    while (queue.length < ahead && next < size) {
      const range = rangeAt(next, size, chunkBytes);
      next = range.end;
      const fetching = fetchRange(range, combined);
      // Its failure is met when its turn comes, which may be never.
      fetching.catch(() => undefined);
      queue.push(fetching);
    }
  };
  try {
    fill();
    for (let head = queue.shift(); head !== undefined; head = queue.shift()) {
      const pieces = await head;
      fill();
      yield pieces;
    }
  } finally {
    stop.abort();
  }
}

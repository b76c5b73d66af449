import { describe, expect, it } from '@jest/globals';
import { readAhead } from '../../../src/async/read-ahead.ts';

async function* counted(count: number, begun: number[]): AsyncGenerator<number, void, undefined> {
  for (let at = 0; at < count; at += 1) {
    // What a source waits for before it can begin: its own sources, which have the next piece at hand.
    for (let hops = 0; hops < 20; hops += 1) await Promise.resolve();
    begun.push(at);
    yield at;
  }
}

async function* failing(): AsyncGenerator<number, void, undefined> {
  yield await Promise.resolve(0);
  throw new RangeError('broken');
}

describe('readAhead()', () => {
  it.each([
    { ahead: 1, last: [1, 2, 3, 3] },
    { ahead: 3, last: [3, 3, 3, 3] },
  ])('has begun $ahead more before it hands one out', async ({ ahead, last }) => {
    const begun: number[] = [];
    const seen: [number, number | undefined][] = [];
    for await (const item of readAhead(counted(4, begun), ahead)) seen.push([item, begun.at(-1)]);

    expect(seen).toEqual(last.map((begunLast, item) => [item, begunLast]));
  });

  it('tells a failure after the items before it', async () => {
    const seen: number[] = [];
    const all = async () => {
      for await (const item of readAhead(failing(), 2)) seen.push(item);
    };

    await expect(all()).rejects.toThrow('broken');
    expect(seen).toEqual([0]);
  });

  it('ends the source when it is left', async () => {
    let isOver = false;
    async function* endless(): AsyncGenerator<number, void, undefined> {
      try {
        for (;;) yield await Promise.resolve(1);
      } finally {
        isOver = true;
      }
    }
    for await (const item of readAhead(endless(), 2)) if (item === 1) break;

    expect(isOver).toBe(true);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { sideBySide, type Range } from '../../../../src/image/download/ranges.ts';

const never = new AbortController().signal;

describe('sideBySide()', () => {
  it('yields the ranges in order, however they arrive, and never has more of them in flight', async () => {
    let inFlight = 0;
    let most = 0;
    const fetchRange = async ({ from, end }: Range) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      // Later ranges answer sooner.
      await sleep(20 - from / 10);
      inFlight -= 1;
      return [Buffer.from(`${from}-${end} `)];
    };

    const pieces: string[] = [];
    for await (const range of sideBySide({ from: 5, size: 95, chunkBytes: 20, ahead: 3 }, fetchRange, never))
      pieces.push(...range.map(String));

    expect(pieces.join('')).toBe('5-25 25-45 45-65 65-85 85-95 ');
    expect(most).toBe(3);
  });

  it('stops the others when one fails', async () => {
    const stopped: number[] = [];
    const fetchRange = async ({ from }: Range, signal: AbortSignal): Promise<Buffer[]> => {
      if (from === 0) throw new RangeError('broken');
      signal.addEventListener('abort', () => stopped.push(from));
      await sleep(10_000, undefined, { signal });
      return [];
    };

    const reading = (async () => {
      for await (const range of sideBySide({ from: 0, size: 30, chunkBytes: 10, ahead: 3 }, fetchRange, never))
        expect(range).toHaveLength(0);
    })();

    await expect(reading).rejects.toThrow('broken');
    expect(stopped).toEqual([10, 20]);
  });
});

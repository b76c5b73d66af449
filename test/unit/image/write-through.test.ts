import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import type { DiskChores } from '../../../src/host/disk-usage.ts';
import { WriteThrough } from '../../../src/image/write-through.ts';

let isBusy: boolean;
let syncs: number;
let durable: string[];
let writeThrough: WriteThrough;

beforeEach(() => {
  jest.useFakeTimers();
  [isBusy, syncs, durable] = [false, 0, []];
  writeThrough = new WriteThrough({
    root: '/store',
    chores: { sync: () => Promise.resolve(void (syncs += 1)) } as unknown as DiskChores,
    log: pino({ enabled: false }),
    isBusy: () => isBusy,
    onDurable: (key) => Promise.resolve(void durable.push(key)),
  });
});

afterEach(() => {
  writeThrough.stop();
  jest.useRealTimers();
});

describe('WriteThrough', () => {
  it('writes what one pull has brought at once, some time after the last of it', async () => {
    writeThrough.add('one');
    await jest.advanceTimersByTimeAsync(1500);
    writeThrough.add('two');
    await jest.advanceTimersByTimeAsync(1500);
    expect(syncs).toBe(0);
    await jest.advanceTimersByTimeAsync(1000);

    expect([syncs, durable]).toEqual([1, ['one', 'two']]);
  });

  it('leaves the disk to pulls, and begins when they are over', async () => {
    isBusy = true;
    writeThrough.add('one');
    await jest.advanceTimersByTimeAsync(20_000);
    expect(syncs).toBe(0);
    isBusy = false;
    await jest.advanceTimersByTimeAsync(2500);

    expect(durable).toEqual(['one']);
  });

  it('does not wait for them for ever', async () => {
    isBusy = true;
    writeThrough.add('one');
    await jest.advanceTimersByTimeAsync(33_000);

    expect(durable).toEqual(['one']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ArrivalGauge } from '../../../src/image/arrival.ts';

describe('ArrivalGauge.beyond()', () => {
  it('wakes a follower in another view of the memory when bytes come', async () => {
    const writer = new ArrivalGauge();
    const follower = new ArrivalGauge(writer.shared);

    const waiting = follower.beyond(0);
    writer.grow(10);

    await expect(waiting).resolves.toEqual({ kind: 'bytes', bytes: 10 });
  });

  it('counts beyond 4 GiB', async () => {
    const gauge = new ArrivalGauge();
    gauge.grow(5 * 2 ** 32 + 2 ** 31 + 7);

    await expect(gauge.beyond(2 ** 33)).resolves.toEqual({ kind: 'bytes', bytes: 5 * 2 ** 32 + 2 ** 31 + 7 });
  });

  it('ends only after every byte was read', async () => {
    const gauge = new ArrivalGauge();
    gauge.grow(3);
    gauge.complete();

    await expect(gauge.beyond(2)).resolves.toEqual({ kind: 'bytes', bytes: 3 });
    await expect(gauge.beyond(3)).resolves.toEqual({ kind: 'end' });
  });

  it('sends followers away for good once the bytes proved wrong, however many there are', async () => {
    const gauge = new ArrivalGauge();
    gauge.grow(3);
    gauge.void();
    gauge.complete();

    await expect(gauge.beyond(0)).resolves.toEqual({ kind: 'void' });
  });
});

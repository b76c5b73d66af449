import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../src/async/deferred.ts';
import { SharedFlight } from '../../../src/async/shared-flight.ts';

const forever = new AbortController().signal;

describe('SharedFlight', () => {
  it('runs equal work once', async () => {
    const flights = new SharedFlight<number>();
    let runs = 0;
    const task = async () => ++runs;

    const results = await Promise.all([flights.run('a', forever, task), flights.run('a', forever, task)]);

    expect(results).toEqual([1, 1]);
    expect(flights.has('a')).toBe(false);
  });

  it('stops the work only when the last caller has left', async () => {
    const flights = new SharedFlight<number>();
    const never = deferred<number>();
    let stop: AbortSignal | undefined;
    const task = (signal: AbortSignal) => {
      stop = signal;
      return never.promise;
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const results = [flights.run('a', first.signal, task), flights.run('a', second.signal, task)];

    first.abort();
    await expect(results[0]).rejects.toMatchObject({ code: 'cancelled' });
    expect(stop?.aborted).toBe(false);

    second.abort();
    await expect(results[1]).rejects.toMatchObject({ code: 'cancelled' });
    expect(stop?.aborted).toBe(true);
    expect(flights.has('a')).toBe(false);
  });

  it('shares the failure and starts afresh after it', async () => {
    const flights = new SharedFlight<number>();

    await expect(flights.run('a', forever, () => Promise.reject(new Error('once')))).rejects.toThrow('once');
    await expect(flights.run('a', forever, async () => 2)).resolves.toBe(2);
  });
});

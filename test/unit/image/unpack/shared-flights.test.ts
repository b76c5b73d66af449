import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../../src/async/deferred.ts';
import { SharedFlights } from '../../../../src/image/unpack/shared-flights.ts';

const forever = new AbortController().signal;

describe('SharedFlights.run()', () => {
  it('runs a key once for callers that come while it runs', async () => {
    const flights = new SharedFlights();
    let runs = 0;
    const gate = deferred<undefined>();
    const task = async () => {
      runs += 1;
      await gate.promise;
    };

    const both = [flights.run('k', forever, task), flights.run('k', forever, task)];
    gate.resolve(undefined);
    await Promise.all(both);
    await flights.run('k', forever, task);

    expect(runs).toBe(2);
  });

  it('cancels the task when the last caller leaves, and starts anew for the next', async () => {
    const flights = new SharedFlights();
    const [one, two] = [new AbortController(), new AbortController()];
    const ended = deferred<undefined>();
    let cancelled = false;
    const task = async (signal: AbortSignal) => {
      signal.addEventListener('abort', () => (cancelled = true));
      await ended.promise;
      signal.throwIfAborted();
    };
    const first = flights.run('k', one.signal, task);
    const second = flights.run('k', two.signal, task);

    one.abort();
    await expect(first).rejects.toThrow('aborted');
    expect(cancelled).toBe(false);
    two.abort();
    expect(cancelled).toBe(true);
    let fresh = false;
    const third = flights.run('k', forever, async () => {
      fresh = true;
    });
    ended.resolve(undefined);

    await expect(second).rejects.toThrow('aborted');
    await third;
    expect(fresh).toBe(true);
  });

  it('gives every caller the error, and forgets it', async () => {
    const flights = new SharedFlights();
    const failing = async () => Promise.reject(new Error('no'));

    const both = await Promise.allSettled([flights.run('k', forever, failing), flights.run('k', forever, failing)]);

    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await flights.settled('k');
    await expect(flights.run('k', forever, async () => undefined)).resolves.toBeUndefined();
  });
});

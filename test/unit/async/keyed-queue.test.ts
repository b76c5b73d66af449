import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../src/async/deferred.ts';
import { KeyedQueue } from '../../../src/async/keyed-queue.ts';

describe('KeyedQueue', () => {
  it('runs tasks of one key in order and of two keys side by side', async () => {
    const queue = new KeyedQueue();
    const gate = deferred<undefined>();
    const seen: string[] = [];

    const first = queue.run('a', async () => {
      await gate.promise;
      seen.push('a1');
    });
    const second = queue.run('a', async () => seen.push('a2'));
    await queue.run('b', async () => seen.push('b1'));
    gate.resolve(undefined);
    await Promise.all([first, second]);

    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });

  it('goes on after a failed task and forgets idle keys', async () => {
    const queue = new KeyedQueue();

    await expect(queue.run('a', () => Promise.reject(new TypeError('broken')))).rejects.toThrow('broken');
    await expect(queue.run('a', async () => 'fine')).resolves.toBe('fine');
    await new Promise(setImmediate);

    expect(queue.size).toBe(0);
  });
});

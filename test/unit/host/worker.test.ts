import { describe, expect, it } from '@jest/globals';
import { endWorker, startWorker } from '../../../src/host/worker.ts';

const file = new URL('../../../src/host/tree-worker.js', import.meta.url);

describe('endWorker()', () => {
  // Without waiting, a thread ended while it loads native code aborts the process and this test with it.
  it.each([0, 5, 10, 20, 40, 60, 80])('ends a thread %d ms after its start', async (ms) => {
    const worker = startWorker(file);
    const codes: number[] = [];
    worker.once('exit', (code) => codes.push(code));
    await new Promise((resolve) => setTimeout(resolve, ms));

    await endWorker(worker);
    await endWorker(worker);

    expect(codes).toEqual([1]);
  });

  it('ends at once when the thread cannot even load', async () => {
    const worker = startWorker(new URL('file:///nowhere.js'));
    worker.once('error', () => undefined);

    await endWorker(worker);

    expect(worker.threadId).toBe(-1);
  });
});

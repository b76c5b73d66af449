import { describe, expect, it } from '@jest/globals';
import { PullsInFlight, summarize } from '../../../src/image/pulls-in-flight.ts';
import { createLogger } from '../../../src/observe/logger.ts';

const layer = { digest: 'sha256:a', totalBytes: 100 };

describe('summarize()', () => {
  it('counts layers that were here as done, but not their bytes', () => {
    const summary = summarize([
      { ...layer, state: 'exists', doneBytes: 100 },
      { ...layer, state: 'done', doneBytes: 100 },
      { ...layer, state: 'downloading', doneBytes: 30 },
      { ...layer, state: 'waiting', doneBytes: 0 },
    ]);

    expect(summary).toEqual({ layers: 4, layersDone: 2, doneBytes: 130, totalBytes: 300 });
  });
});

describe('PullsInFlight', () => {
  it('lists a pull with its latest layers until it ends', () => {
    const pulls = new PullsInFlight(createLogger('fatal'));
    const pull = pulls.begin('registry.test/app:v1');
    pull.update([{ ...layer, state: 'downloading', doneBytes: 7 }]);

    expect(pulls.list()).toMatchObject([{ reference: 'registry.test/app:v1', layers: [{ doneBytes: 7 }] }]);
    pull.end();
    expect(pulls.list()).toEqual([]);
  });
});

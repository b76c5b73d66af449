import { describe, expect, it } from '@jest/globals';
import { withRollback } from '../../../src/async/rollback.ts';

describe('withRollback()', () => {
  it('undoes newest first and goes on past a failing step', async () => {
    const undone: string[] = [];
    const failed: string[] = [];

    const work = withRollback(
      async (undo) => {
        undo('first', () => undone.push('first'));
        undo('second', () => {
          throw new TypeError('stuck');
        });
        undo('third', async () => undone.push('third'));
        throw new RangeError('no good');
      },
      (what) => failed.push(what),
    );

    await expect(work).rejects.toThrow('no good');
    expect(undone).toEqual(['third', 'first']);
    expect(failed).toEqual(['second']);
  });
});

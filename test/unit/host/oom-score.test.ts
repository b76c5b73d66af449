import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { withOomScoreAdj } from '../../../src/host/oom-score.ts';
import { ownOomScoreAdj } from '../../../src/host/procfs.ts';

const scoreOfChild = () => Number(execFileSync('cat', ['/proc/self/oom_score_adj'], { encoding: 'latin1' }));

describe('withOomScoreAdj()', () => {
  const own = ownOomScoreAdj();

  it('gives children the score, and takes its own back', () => {
    expect(withOomScoreAdj(own + 100, scoreOfChild)).toBe(own + 100);
    expect(ownOomScoreAdj()).toBe(own);
  });

  it('takes its own back when the start fails', () => {
    const fail = () => withOomScoreAdj(own + 100, () => execFileSync('/none'));

    expect(fail).toThrow('ENOENT');
    expect(ownOomScoreAdj()).toBe(own);
  });

  it('leaves children its own without a wish', () => {
    expect(withOomScoreAdj(undefined, scoreOfChild)).toBe(own);
  });
});

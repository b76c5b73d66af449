import { describe, expect, it } from '@jest/globals';
import { chainIds } from '../../../src/image/chain-id.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

describe('chainIds()', () => {
  it('is empty for no layers', () => {
    expect(chainIds([])).toEqual([]);
  });

  it('hashes each chain with the next diff id, from the bottom', () => {
    // printf 'sha256:aaa... sha256:bbb...' | sha256sum, and so on.
    const [first, second] = chainIds([digest('a'), digest('b')]);

    expect(first).toBe(digest('a'));
    expect(second).toBe('sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c');
  });
});

import { describe, expect, it } from '@jest/globals';
import { Tokens } from '../../../src/streaming/tokens.ts';

describe('Tokens', () => {
  it('take: returns what was issued, once', () => {
    const tokens = new Tokens<string>();
    const token = tokens.issue('a');
    expect(token).toMatch(/^[\w-]{24}$/);
    expect(tokens.take(token)).toBe('a');
    expect(tokens.take(token)).toBeUndefined();
  });

  it('take: knows nothing of a token that was never issued, or that is a minute old', () => {
    let now = 0;
    const tokens = new Tokens<string>(() => now);
    const token = tokens.issue('a');
    expect(tokens.take('unknown')).toBeUndefined();
    now = 60_000;
    expect(tokens.take(token)).toBeUndefined();
  });

  it('issue: refuses the 1001st, and goes on when the first have expired', () => {
    let now = 0;
    const tokens = new Tokens<number>(() => now);
    for (let count = 0; count < 1000; count += 1) tokens.issue(count);
    expect(() => tokens.issue(0)).toThrow(expect.objectContaining({ code: 'resource-exhausted' }));
    now = 60_001;
    expect(tokens.take(tokens.issue(1))).toBe(1);
  });
});

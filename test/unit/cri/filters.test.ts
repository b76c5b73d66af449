import { describe, expect, it } from '@jest/globals';
import { matchesId, matchesLabels } from '../../../src/cri/filters.ts';

describe('matchesLabels()', () => {
  it.each([
    { selector: {}, wanted: true },
    { selector: { app: 'web' }, wanted: true },
    { selector: { app: 'web', tier: 'front' }, wanted: true },
    { selector: { app: 'web', tier: 'back' }, wanted: false },
    { selector: { other: '' }, wanted: false },
  ])('$selector gives $wanted', ({ selector, wanted }) => {
    expect(matchesLabels({ app: 'web', tier: 'front' }, selector as Record<string, string>)).toBe(wanted);
  });
});

describe('matchesId()', () => {
  it('takes prefixes, and anything for no id', () => {
    expect(matchesId('abcd', '')).toBe(true);
    expect(matchesId('abcd', 'ab')).toBe(true);
    expect(matchesId('abcd', 'bc')).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { isAtLeast } from '../../../src/host/kernel-release.ts';

describe('isAtLeast()', () => {
  it.each([
    { release: '5.19.0-4-amd64', minimum: '5.19', is: true },
    { release: '6.1.0', minimum: '5.19', is: true },
    { release: '5.4.17-2136', minimum: '5.19', is: false },
    { release: '4.20', minimum: '5.2', is: false },
  ])('is $is for $release against $minimum', ({ release, minimum, is }) => {
    expect(isAtLeast(release, minimum)).toBe(is);
  });
});

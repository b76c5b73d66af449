import { describe, expect, it } from '@jest/globals';
import { parseDuration, parseSize } from '../../../src/config/units.ts';

describe('parseDuration()', () => {
  it.each([
    { text: '0s', ms: 0 },
    { text: '500ms', ms: 500 },
    { text: '1.5s', ms: 1500 },
    { text: '30s', ms: 30_000 },
    { text: '2m', ms: 120_000 },
    { text: '1h2m3s4ms', ms: 3_723_004 },
    { text: '', ms: undefined },
    { text: '30', ms: undefined },
    { text: '30 s', ms: undefined },
    { text: '-1s', ms: undefined },
    { text: '1s1m', ms: undefined },
    { text: '1d', ms: undefined },
    { text: '99999999999999h', ms: undefined },
  ])('reads "$text" as $ms', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('parseSize()', () => {
  it.each([
    { text: '0B', bytes: 0 },
    { text: '512B', bytes: 512 },
    { text: '1KiB', bytes: 1024 },
    { text: '1.5MiB', bytes: 1_572_864 },
    { text: '2GB', bytes: 2_000_000_000 },
    { text: '64', bytes: undefined },
    { text: '64M', bytes: undefined },
    { text: '64 MiB', bytes: undefined },
    { text: '99999999TiB', bytes: undefined },
  ])('reads "$text" as $bytes', ({ text, bytes }) => {
    expect(parseSize(text)).toBe(bytes);
  });
});

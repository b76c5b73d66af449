import { describe, expect, it, jest } from '@jest/globals';
import { isRetryableStatus, MAX_ATTEMPTS, retryDelayMs } from '../../../../src/image/registry/retry.ts';

describe('retryDelayMs()', () => {
  it('waits longer each time when the registry says nothing', () => {
    expect([1, 2].map((attempt) => retryDelayMs(attempt))).toEqual([200, 400]);
  });

  it('waits as long as the registry asks, in seconds or until a date', () => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 1, 12, 0, 0) });
    try {
      expect(retryDelayMs(1, '3')).toBe(3000);
      expect(retryDelayMs(2, '0')).toBe(0);
      expect(retryDelayMs(1, 'Thu, 01 Jan 2026 12:00:07 GMT')).toBe(7000);
      expect(retryDelayMs(1, 'Thu, 01 Jan 2026 11:00:00 GMT')).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('takes a header that says nothing for none', () => {
    expect(retryDelayMs(1, 'soon')).toBe(200);
  });

  it('gives up after the last attempt, and where the registry asks for more than a pull should wait', () => {
    expect(retryDelayMs(MAX_ATTEMPTS, '1')).toBeUndefined();
    expect(retryDelayMs(1, '11')).toBeUndefined();
  });
});

describe('isRetryableStatus()', () => {
  it.each([
    [429, true],
    [503, true],
    [404, false],
    [401, false],
  ])('of %i is %s', (status, expected) => {
    expect(isRetryableStatus(status)).toBe(expected);
  });
});

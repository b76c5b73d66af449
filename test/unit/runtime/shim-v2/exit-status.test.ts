import { describe, expect, it } from '@jest/globals';
import { normaliseExit, toNanos } from '../../../../src/runtime/shim-v2/exit-status.ts';

describe('normaliseExit()', () => {
  it.each([
    { status: 9, sent: 9, code: 137, why: 'a guest tells the bare signal' },
    { status: 137, sent: 9, code: 137, why: 'containerd has added 128' },
    { status: 9, sent: undefined, code: 9, why: 'the program chose it' },
    { status: 9, sent: 15, code: 9, why: 'the program chose it on SIGTERM' },
    { status: 0, sent: 9, code: 0, why: 'it had ended before' },
  ])('$status after signal $sent is $code: $why', ({ status, sent, code }) => {
    expect(normaliseExit(status, sent)).toBe(code);
  });
});

describe('toNanos()', () => {
  it('adds seconds and nanoseconds, and knows a time that is not set', () => {
    expect(toNanos({ seconds: '1700000000', nanos: 5 })).toBe(1_700_000_000_000_000_005n);
    expect([toNanos(null), toNanos({ seconds: '0', nanos: 0 })]).toEqual([undefined, undefined]);
  });
});

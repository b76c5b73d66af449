import { describe, expect, it } from '@jest/globals';
import { usageNanoCores } from '../../../src/cgroup/rate.ts';

describe('usageNanoCores()', () => {
  it.each([
    { name: 'half a core', from: [0n, 0n], to: [2_000_000_000n, 1_000_000_000n], rate: 500_000_000n },
    { name: 'nothing', from: [0n, 5n], to: [1_000n, 5n], rate: 0n },
    { name: 'a counter that was reset', from: [0n, 5n], to: [1_000n, 4n], rate: undefined },
    { name: 'no time between', from: [7n, 5n], to: [7n, 9n], rate: undefined },
  ] as const)('of $name is $rate', ({ from, to, rate }) => {
    const sample = ([timestampNanos, cpuUsageNanos]: readonly [bigint, bigint]) => ({ timestampNanos, cpuUsageNanos });

    expect(usageNanoCores(sample(from), sample(to))).toBe(rate);
  });
});

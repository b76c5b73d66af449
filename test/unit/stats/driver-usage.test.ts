import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '../../../src/observe/logger.ts';
import type { ContainerRef, ContainerUsage } from '../../../src/runtime/driver.ts';
import { DriverUsage } from '../../../src/stats/driver-usage.ts';

const CONTAINER = { id: 'c1', bundle: '/b/c1' };

function usage(cpu: bigint): ContainerUsage {
  return {
    timestampNanos: 1n,
    cpuUsageNanos: cpu,
    memoryUsageBytes: 10,
    workingSetBytes: 8,
    rssBytes: undefined,
    memoryLimitBytes: 20,
    pageFaults: undefined,
    majorPageFaults: undefined,
    processCount: 1,
  };
}

describe('DriverUsage.read()', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function counting() {
    let calls = 0;
    return {
      stats: (container: ContainerRef) => {
        calls += 1;
        return container.id === 'bad' ? Promise.reject(new Error('gone')) : Promise.resolve(usage(BigInt(calls)));
      },
      calls: () => calls,
    };
  }

  it('asks once for readers that come together, and answers later ones from memory', async () => {
    const usages = new DriverUsage(createLogger('fatal'));
    const driver = counting();

    const [first, second] = await Promise.all([usages.read(driver, CONTAINER), usages.read(driver, CONTAINER)]);
    const third = await usages.read(driver, CONTAINER);

    expect(driver.calls()).toBe(1);
    expect([first, second, third].map((stats) => stats?.cpuUsageNanos)).toEqual([1n, 1n, 1n]);
    expect(first?.memory.availableBytes).toBe(12);
  });

  it('asks again after a moment, and gives out the last reading while the runtime is slow', async () => {
    const usages = new DriverUsage(createLogger('fatal'));
    const driver = counting();
    await usages.read(driver, CONTAINER);
    jest.setSystemTime(Date.now() + 5000);
    expect((await usages.read(driver, CONTAINER))?.cpuUsageNanos).toBe(2n);

    const never = { stats: () => new Promise<ContainerUsage>(() => undefined) };
    jest.setSystemTime(Date.now() + 5000);
    const reading = usages.read(never, CONTAINER);
    await jest.advanceTimersByTimeAsync(1000);
    expect((await reading)?.cpuUsageNanos).toBe(2n);
  });

  it('waits for a new reading when the last is too old', async () => {
    const usages = new DriverUsage(createLogger('fatal'));
    const driver = counting();
    await usages.read(driver, CONTAINER);

    jest.setSystemTime(Date.now() + 60_000);
    expect((await usages.read(driver, CONTAINER))?.cpuUsageNanos).toBe(2n);
  });

  it('forgets containers that are gone, and tells a failure only to whom it concerns', async () => {
    const usages = new DriverUsage(createLogger('fatal'));
    const driver = counting();
    await usages.read(driver, CONTAINER);

    await expect(usages.read(driver, { id: 'bad', bundle: '/b' })).rejects.toThrow('gone');
    usages.keepOnly(() => false);
    await usages.read(driver, CONTAINER);

    expect(driver.calls()).toBe(3);
  });
});

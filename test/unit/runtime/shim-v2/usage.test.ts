import { describe, expect, it } from '@jest/globals';
import { Protocol } from '../../../../src/runtime/shim-v2/protocol.ts';
import { readUsage } from '../../../../src/runtime/shim-v2/usage.ts';

const protocol = new Protocol();

describe('readUsage()', () => {
  it('reads what a cgroup of version 1 tells', () => {
    const stats = protocol.any('io.containerd.cgroups.v1.Metrics', {
      pids: { current: 3 },
      cpu: { usage: { total: '123456789' } },
      memory: {
        usage: { usage: 1000, limit: '9223372036854771712' },
        totalInactiveFile: 300,
        totalRss: 400,
        totalPgFault: 7,
      },
    });

    expect(readUsage(protocol, stats, 5n)).toMatchObject({
      ...{ timestampNanos: 5n, cpuUsageNanos: 123_456_789n, memoryUsageBytes: 1000, workingSetBytes: 700 },
      ...{ rssBytes: 400, memoryLimitBytes: undefined, pageFaults: 7, processCount: 3 },
    });
  });

  it('reads what a cgroup of version 2 tells, also with a prefix to the type', () => {
    const stats = protocol.any('io.containerd.cgroups.v2.Metrics', {
      cpu: { usageUsec: '1500' },
      memory: { usage: 1000, usageLimit: 2000, inactiveFile: 2000, anon: 9 },
    });
    const prefixed = { ...stats, type_url: `types.containerd.io/${stats.type_url}` };

    expect(readUsage(protocol, prefixed, 5n)).toMatchObject({
      ...{ cpuUsageNanos: 1_500_000n, memoryUsageBytes: 1000, workingSetBytes: 0, memoryLimitBytes: 2000, rssBytes: 9 },
      processCount: undefined,
    });
  });

  it('names a form it does not know', () => {
    expect(() => readUsage(protocol, { type_url: 'a.B', value: Buffer.alloc(0) }, 5n)).toThrow('"a.B"');
    expect(() => readUsage(protocol, null, 5n)).toThrow('its usage as ""');
  });
});

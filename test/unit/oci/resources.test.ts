import { describe, expect, it } from '@jest/globals';
import { mergeResources } from '../../../src/oci/merge-resources.ts';
import { toResources } from '../../../src/oci/resources.ts';
import type { ResourceFacts } from '../../../src/oci/resources.ts';
import { resources } from './configs.ts';

const FACTS: ResourceFacts = { cgroupVersion: 'v2', swapAccounting: true, hugetlb: true };

describe('toResources()', () => {
  it.each([
    { name: 'nothing', fields: {}, expected: {} },
    { name: 'cpu', fields: { cpuShares: '2', cpuQuota: '-1' }, expected: { cpu: { shares: 2, quota: -1 } } },
    { name: 'cpusets', fields: { cpusetCpus: '0-1', cpusetMems: '0' }, expected: { cpu: { cpus: '0-1', mems: '0' } } },
    {
      name: 'memory without swap',
      fields: { memoryLimitInBytes: '100' },
      expected: { memory: { limit: 100, swap: 100 } },
    },
    {
      name: 'memory with swap',
      fields: { memoryLimitInBytes: '100', memorySwapLimitInBytes: '150' },
      expected: { memory: { limit: 100, swap: 150 } },
    },
    {
      name: 'no limit of swap',
      fields: { memoryLimitInBytes: '100', memorySwapLimitInBytes: '-1' },
      expected: { memory: { limit: 100, swap: -1 } },
    },
    { name: 'no limit at all', fields: { memoryLimitInBytes: '-1' }, expected: { memory: { limit: -1, swap: -1 } } },
    {
      name: 'memory where swap is not accounted',
      fields: { memoryLimitInBytes: '100', memorySwapLimitInBytes: '150' },
      facts: { swapAccounting: false },
      expected: { memory: { limit: 100 } },
    },
    {
      name: 'huge pages',
      fields: { hugepageLimits: [{ pageSize: '2MB', limit: '4194304' }] },
      expected: { hugepageLimits: [{ pageSize: '2MB', limit: 4194304 }] },
    },
    {
      name: 'huge pages without the controller',
      fields: { hugepageLimits: [{ pageSize: '2MB', limit: '4194304' }] },
      facts: { hugetlb: false },
      expected: {},
    },
    {
      name: 'unified',
      fields: { unified: { 'memory.high': '1' } },
      expected: { unified: { 'memory.high': '1' } },
    },
  ])('converts $name', ({ fields, facts, expected }) => {
    expect(toResources(resources(fields), { ...FACTS, ...facts })).toEqual(expected);
  });

  it.each([
    { fields: { cpuShares: '-2' }, message: 'cpu_shares -2 is below 0' },
    { fields: { memoryLimitInBytes: '-5' }, message: 'memory_limit_in_bytes -5 is below -1' },
    { fields: { memoryLimitInBytes: '9', memorySwapLimitInBytes: '5' }, message: 'counts memory and swap' },
    { fields: { unified: { '../x.y': '1' } }, message: 'unified "../x.y" is not the name' },
    { fields: { unified: { memory: '1' } }, message: 'unified "memory" is not the name' },
    { fields: { unified: { 'memory.high': '1' } }, facts: { cgroupVersion: 'hybrid' as const }, message: 'cgroup v2' },
  ])('refuses: $message', ({ fields, facts, message }) => {
    expect(() => toResources(resources(fields), { ...FACTS, ...facts })).toThrow(message);
  });
});

describe('mergeResources()', () => {
  it('changes only what the update sets', () => {
    const old = resources({
      cpuShares: '2',
      cpusetCpus: '0',
      memoryLimitInBytes: '100',
      hugepageLimits: [
        { pageSize: '2MB', limit: '1' },
        { pageSize: '1GB', limit: '2' },
      ],
      unified: { 'memory.high': '1', 'cpu.idle': '0' },
    });

    const merged = mergeResources(
      old,
      resources({
        cpuShares: '4',
        memorySwapLimitInBytes: '200',
        hugepageLimits: [{ pageSize: '2MB', limit: '5' }],
        unified: { 'memory.high': '2' },
      }),
    );

    expect(merged).toEqual({
      ...old,
      cpuShares: '4',
      memorySwapLimitInBytes: '200',
      hugepageLimits: [
        { pageSize: '2MB', limit: '5' },
        { pageSize: '1GB', limit: '2' },
      ],
      unified: { 'memory.high': '2', 'cpu.idle': '0' },
    });
  });

  it('starts from nothing when there was nothing', () => {
    expect(mergeResources(null, resources({ cpuQuota: '5' }))).toEqual(resources({ cpuQuota: '5' }));
  });
});

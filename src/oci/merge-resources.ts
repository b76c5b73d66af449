// UpdateContainerResources: what stays, what changes.
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';

const NONE: LinuxContainerResources = {
  cpuPeriod: '0',
  cpuQuota: '0',
  cpuShares: '0',
  memoryLimitInBytes: '0',
  oomScoreAdj: '0',
  cpusetCpus: '',
  cpusetMems: '',
  hugepageLimits: [],
  unified: {},
  memorySwapLimitInBytes: '0',
};

/** `old` with the fields `update` sets; '0' and '' leave a field as it was. */
export function mergeResources(
  old: LinuxContainerResources | null,
  update: LinuxContainerResources,
): LinuxContainerResources {
  const base = old ?? NONE;
  const pick = (was: string, now: string): string => (now === '0' || now === '' ? was : now);
  const pages = new Map([...base.hugepageLimits, ...update.hugepageLimits].map((limit) => [limit.pageSize, limit]));
  return {
    cpuPeriod: pick(base.cpuPeriod, update.cpuPeriod),
    cpuQuota: pick(base.cpuQuota, update.cpuQuota),
    cpuShares: pick(base.cpuShares, update.cpuShares),
    memoryLimitInBytes: pick(base.memoryLimitInBytes, update.memoryLimitInBytes),
    oomScoreAdj: pick(base.oomScoreAdj, update.oomScoreAdj),
    cpusetCpus: pick(base.cpusetCpus, update.cpusetCpus),
    cpusetMems: pick(base.cpusetMems, update.cpusetMems),
    hugepageLimits: [...pages.values()],
    unified: { ...base.unified, ...update.unified },
    memorySwapLimitInBytes: pick(base.memorySwapLimitInBytes, update.memorySwapLimitInBytes),
  };
}

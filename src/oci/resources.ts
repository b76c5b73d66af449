// Limits of a container: from the CRI's message to `linux.resources`, at creation and on update.
import { invalidArgument } from '../errors.ts';
import type { HugepageLimit } from '../gen/runtime/v1/HugepageLimit.ts';
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';
import type { Resources } from './types.ts';

export interface ResourceFacts {
  readonly cgroupVersion: 'v1' | 'v2' | 'hybrid';
  /** The kernel accounts swap per cgroup; otherwise a swap limit cannot be set and is left out. */
  readonly swapAccounting: boolean;
  /** The hugetlb controller is there; otherwise huge page limits are left out. */
  readonly hugetlb: boolean;
}

/**
 * 0 and '' leave a limit out. Shares are not turned into weights: the runtimes do that. A memory limit without a swap
 * limit allows no swap, and the two always travel together, because cgroup v1 refuses memory above memory and swap.
 * @throws invalid-argument for impossible values, and for `unified` without cgroup v2: a limit the pod counts on must
 *   not vanish
 */
export function toResources(resources: LinuxContainerResources, facts: ResourceFacts): Resources {
  const cpu = cpuLimits(resources);
  const memory = memoryLimits(resources, facts);
  const hugepages = facts.hugetlb ? resources.hugepageLimits.map(toHugepages) : [];
  const unified = unifiedLimits(resources.unified, facts);
  return {
    ...(Object.keys(memory).length > 0 && { memory }),
    ...(Object.keys(cpu).length > 0 && { cpu }),
    ...(hugepages.length > 0 && { hugepageLimits: hugepages }),
    ...(unified && { unified }),
  };
}

function cpuLimits(resources: LinuxContainerResources): NonNullable<Resources['cpu']> {
  const shares = toNumber('cpu_shares', resources.cpuShares, 0);
  const quota = toNumber('cpu_quota', resources.cpuQuota, -1);
  const period = toNumber('cpu_period', resources.cpuPeriod, 0);
  return {
    ...(shares !== 0 && { shares }),
    ...(quota !== 0 && { quota }),
    ...(period !== 0 && { period }),
    ...(resources.cpusetCpus !== '' && { cpus: resources.cpusetCpus }),
    ...(resources.cpusetMems !== '' && { mems: resources.cpusetMems }),
  };
}

function memoryLimits(
  resources: LinuxContainerResources,
  { swapAccounting }: ResourceFacts,
): NonNullable<Resources['memory']> {
  const limit = toNumber('memory_limit_in_bytes', resources.memoryLimitInBytes, -1);
  const wanted = toNumber('memory_swap_limit_in_bytes', resources.memorySwapLimitInBytes, -1);
  if (wanted > 0 && limit > 0 && wanted < limit) {
    throw invalidArgument(`memory_swap_limit_in_bytes ${wanted} counts memory and swap, and is below ${limit}`);
  }
  const swap = wanted === 0 ? limit : wanted;
  return { ...(limit !== 0 && { limit }), ...(swap !== 0 && swapAccounting && { swap }) };
}

function toHugepages({ pageSize, limit }: HugepageLimit): { pageSize: string; limit: number } {
  return { pageSize, limit: toNumber(`hugepage_limits ${pageSize}`, limit, 0) };
}

function unifiedLimits(
  unified: Readonly<Record<string, string>>,
  { cgroupVersion }: ResourceFacts,
): Record<string, string> | undefined {
  const names = Object.keys(unified);
  if (names.length === 0) return undefined;
  if (cgroupVersion !== 'v2') throw invalidArgument(`unified "${names[0] ?? ''}" needs cgroup v2; this host has v1`);
  const bad = names.find((name) => !/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(name));
  if (bad !== undefined) throw invalidArgument(`unified "${bad}" is not the name of a cgroup file`);
  return { ...unified };
}

function toNumber(field: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < least) throw invalidArgument(`${field} ${text} is below ${least}`);
  return value;
}

// The memory limit of a pod whose containers run inside its sandbox's process, where nobody else has given it one.
import type { CgroupHost } from '../cgroup/host.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import type { ContainerDeps } from './deps.ts';

/**
 * Limits the pod to what its sandbox uses now and what its containers may use, when each of them has a limit: such
 * containers have no cgroups in which their own would count. A kubelet does the same with the pod's cgroup, which it
 * gives: one that has a limit is left to its owner. To be called before `next` is started, and when its limit has
 * changed.
 */
export function limitPodMemory(
  deps: Pick<ContainerDeps, 'index' | 'cgroups'>,
  sandbox: SandboxRecord,
  next: ContainerRecord,
): void {
  if (sandbox.handler.features.containerCgroups) return;
  const path = limitedCgroup(deps.cgroups, sandbox);
  if (path === undefined) return;
  const others = deps.index.list().filter((each) => each.sandboxId === sandbox.id && each.id !== next.id);
  const limits = [next, ...others.filter(isLive)].map(({ resources }) => Number(resources?.memoryLimitInBytes ?? 0));
  const used = deps.cgroups.readStats(path)?.memory.usageBytes;
  const isLimited = used !== undefined && limits.every((limit) => limit > 0);
  // What others use counts twice; it is not known how much of it is theirs.
  deps.cgroups.limitMemory(path, isLimited ? limits.reduce((sum, limit) => sum + limit, used) : undefined);
}

/** The pod's own cgroup; the sandbox's where the pod's is one that others may be in, such as a slice of the system. */
function limitedCgroup(cgroups: CgroupHost, { id, cgroupParent, ownsCgroup }: SandboxRecord): string | undefined {
  const pod = cgroups.podPath(cgroupParent);
  if (ownsCgroup) return pod;
  const { path } = cgroups.containerPath(cgroupParent, id);
  const isLimited = cgroups.readStats(pod)?.memory.availableBytes !== undefined;
  return isLimited || !cgroups.exists(path) ? undefined : path;
}

function isLive({ status }: ContainerRecord): boolean {
  return status.phase === 'running' || status.phase === 'created';
}

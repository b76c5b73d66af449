import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CgroupHost } from '../../../src/cgroup/host.ts';
import { limitPodMemory } from '../../../src/container/pod-memory.ts';
import type { ContainerRecord } from '../../../src/state/container-record.ts';
import type { LiveIndex } from '../../../src/state/live-index.ts';
import type { SandboxRecord } from '../../../src/state/sandbox-record.ts';

const USED = 30;
let limits: [string, number | undefined][];

beforeEach(() => {
  limits = [];
});

function limit(pod: { ownsCgroup: boolean; containerCgroups?: boolean; podLimit?: number }, ...containers: number[]) {
  const cgroups = {
    podPath: () => '/pod',
    containerPath: (_parent: string, id: string) => ({ path: `/pod/${id}`, ociPath: '' }),
    exists: () => true,
    readStats: (path: string) => ({
      memory: { usageBytes: USED, availableBytes: path === '/pod' ? pod.podLimit : undefined },
    }),
    limitMemory: (path: string, bytes: number | undefined) => limits.push([path, bytes]),
  } as unknown as CgroupHost;
  const records = containers.map((bytes, at) => ({
    id: `c${at}`,
    sandboxId: 'sandbox',
    resources: { memoryLimitInBytes: String(bytes) },
    status: { phase: 'running' },
  })) as unknown as ContainerRecord[];
  const index = { list: () => records } as unknown as LiveIndex<ContainerRecord>;
  const features = { containerCgroups: pod.containerCgroups ?? false };
  const sandbox = { id: 'sandbox', cgroupParent: 'parent', ownsCgroup: pod.ownsCgroup, handler: { features } };
  limitPodMemory({ index, cgroups }, sandbox as unknown as SandboxRecord, records[0]!);
}

describe('limitPodMemory()', () => {
  it('limits the pod to what the sandbox uses and the containers may use', () => {
    limit({ ownsCgroup: true }, 10, 5);
    expect(limits).toEqual([['/pod', USED + 15]]);
  });

  it('takes the limit away when a container has none', () => {
    limit({ ownsCgroup: true }, 10, 0);
    expect(limits).toEqual([['/pod', undefined]]);
  });

  it('leaves a limit that a kubelet has set', () => {
    limit({ ownsCgroup: false, podLimit: 100 }, 10);
    expect(limits).toEqual([]);
  });

  it("limits the sandbox where its parent has no limit and is not the pod's alone", () => {
    limit({ ownsCgroup: false }, 10);
    expect(limits).toEqual([['/pod/sandbox', USED + 10]]);
  });

  it('leaves containers with cgroups of their own to those', () => {
    limit({ ownsCgroup: true, containerCgroups: true }, 10);
    expect(limits).toEqual([]);
  });
});

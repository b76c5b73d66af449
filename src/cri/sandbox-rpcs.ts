// Run, Stop, Remove, Status and List of pod sandboxes.
import type { RuntimeServiceHandlers } from '../gen/runtime/v1/RuntimeService.ts';
import { throwIfAborted } from '../async/abort.ts';
import type { UnaryTable } from '../rpc/service.ts';
import { planNamespaces } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { required } from './check-request.ts';
import { toConfigJson } from './convert/config-json.ts';
import { toContainerStatus } from './convert/container.ts';
import { toPodSpec } from './convert/pod-spec.ts';
import { toSandboxItem, toSandboxStatus } from './convert/sandbox.ts';
import type { CriDeps } from './deps.ts';
import { toJson } from './info-rpcs.ts';
import { selectSandboxes } from './select.ts';

type SandboxRpcs = Pick<
  UnaryTable<RuntimeServiceHandlers>,
  | 'RunPodSandbox'
  | 'StopPodSandbox'
  | 'RemovePodSandbox'
  | 'PodSandboxStatus'
  | 'ListPodSandbox'
  | 'UpdatePodSandboxResources'
>;

export function sandboxRpcs(deps: CriDeps): SandboxRpcs {
  return {
    RunPodSandbox: async ({ config, runtimeHandler }, { signal }) => {
      throwIfAborted(signal);
      const record = await deps.sandboxes.run({ config: required(config, 'config'), runtimeHandler });
      return { podSandboxId: record.id };
    },
    StopPodSandbox: async ({ podSandboxId }) => {
      await deps.sandboxes.stop(podSandboxId);
      return {};
    },
    RemovePodSandbox: async ({ podSandboxId }) => {
      await deps.sandboxes.remove(podSandboxId);
      return {};
    },
    PodSandboxStatus: async ({ podSandboxId, verbose }) => {
      const record = deps.sandboxIndex.get(podSandboxId);
      return {
        status: toSandboxStatus(record),
        info: verbose ? toJson({ info: await verboseInfo(deps, record) }) : {},
        containersStatuses: containersOf(deps, record.id).map(toContainerStatus),
        timestamp: String(BigInt(Date.now()) * 1_000_000n),
      };
    },
    UpdatePodSandboxResources: async ({ podSandboxId, overhead, resources }) => {
      await deps.sandboxes.updateResources(podSandboxId, overhead, resources);
      return {};
    },
    ListPodSandbox: ({ filter }) => ({ items: selectSandboxes(deps, filter).map(toSandboxItem) }),
  };
}

function containersOf(deps: CriDeps, sandboxId: string): ReturnType<CriDeps['containerIndex']['list']> {
  return deps.containerIndex.list().filter((record) => record.sandboxId === sandboxId);
}

async function verboseInfo(deps: CriDeps, record: SandboxRecord): Promise<object> {
  return {
    pid: record.pause?.init.pid ?? 0,
    runtimeHandler: record.handler.name,
    netNamespace: `${deps.layout.namespaces(record.id)}/net`,
    netNamespaceClosed: !planNamespaces(record.config).hostNetwork && record.status.phase !== 'ready',
    status: record.status,
    cgroupParent: record.cgroupParent,
    updatedResources: record.updatedResources,
    cniResult: (await deps.networkResult(record.id)) ?? null,
    config: toConfigJson(record.config),
    runtimeSpec: toPodSpec(deps.layout, record),
  };
}

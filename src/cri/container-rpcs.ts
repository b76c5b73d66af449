// Create, Start, Stop, Remove, List, Status, Update and log rotation of containers, and ExecSync.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeServiceHandlers } from '../gen/runtime/v1/RuntimeService.ts';
import { throwIfAborted } from '../async/abort.ts';
import type { UnaryTable } from '../rpc/service.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { required, timeoutMs } from './check-request.ts';
import { toConfigJson } from './convert/config-json.ts';
import { toContainerItem, toContainerStatus } from './convert/container.ts';
import type { CriDeps } from './deps.ts';
import { toJson } from './info-rpcs.ts';
import { selectContainers } from './select.ts';

type ContainerRpcs = Pick<
  UnaryTable<RuntimeServiceHandlers>,
  | 'CreateContainer'
  | 'StartContainer'
  | 'StopContainer'
  | 'RemoveContainer'
  | 'ListContainers'
  | 'ContainerStatus'
  | 'UpdateContainerResources'
  | 'ReopenContainerLog'
  | 'ExecSync'
>;

/** Each stream's share of a reply that must stay below the 16 MiB a client accepts. */
const MAX_EXEC_OUTPUT_BYTES = 8 * 1024 * 1024 - 4096;

export function containerRpcs(deps: CriDeps): ContainerRpcs {
  return {
    CreateContainer: async ({ podSandboxId, config }, { signal }) => {
      throwIfAborted(signal);
      const record = await deps.containers.create(podSandboxId, required(config, 'config'));
      return { containerId: record.id };
    },
    StartContainer: async ({ containerId }, { signal }) => {
      throwIfAborted(signal);
      await deps.containers.start(containerId);
      return {};
    },
    StopContainer: async ({ containerId, timeout }, { signal }) => {
      await deps.containers.stop(containerId, timeoutMs(timeout, 'timeout'), signal);
      return {};
    },
    RemoveContainer: async ({ containerId }) => {
      await deps.containers.remove(containerId);
      return {};
    },
    ListContainers: ({ filter }) => ({ containers: selectContainers(deps, filter).map(toContainerItem) }),
    ContainerStatus: async ({ containerId, verbose }) => {
      const record = deps.containerIndex.get(containerId);
      return {
        status: toContainerStatus(record),
        info: verbose ? toJson({ info: await verboseInfo(deps, record) }) : {},
      };
    },
    UpdateContainerResources: async ({ containerId, linux }) => {
      await deps.containers.updateResources(containerId, required(linux, 'linux'));
      return {};
    },
    ReopenContainerLog: async ({ containerId }) => {
      await deps.containers.reopenLog(containerId);
      return {};
    },
    ExecSync: async ({ containerId, cmd, timeout }, { signal }) => {
      const { exitCode, stdout, stderr } = await deps.containers.execSync(containerId, {
        command: cmd,
        timeoutMs: timeoutMs(timeout, 'timeout'),
        signal,
        maxOutputBytes: MAX_EXEC_OUTPUT_BYTES,
      });
      return { exitCode, stdout, stderr };
    },
  };
}

async function verboseInfo(deps: CriDeps, record: ContainerRecord): Promise<object> {
  const { status } = record;
  const spec = await readFile(join(deps.layout.bundle(record.id), 'config.json'), 'utf8').catch(() => 'null');
  return {
    sandboxID: record.sandboxId,
    pid: status.phase === 'running' || status.phase === 'created' ? status.processes.init.pid : 0,
    cgroupPath: record.cgroupPath,
    status,
    config: toConfigJson(record.config),
    runtimeSpec: JSON.parse(spec) as unknown,
  };
}

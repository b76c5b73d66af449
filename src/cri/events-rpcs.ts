// GetContainerEvents.
import type grpc from '@grpc/grpc-js';
import type { ContainerEventResponseInput } from '../gen/runtime/v1/ContainerEventResponse.ts';
import type { ContainerEvent } from '../events/container-events.ts';
import { serverStream } from '../rpc/server-stream.ts';
import type { RpcDeps } from '../rpc/unary.ts';
import type { PodSnapshot } from '../state/pod-snapshot.ts';
import { toContainerStatus } from './convert/container.ts';
import { toSandboxStatus } from './convert/sandbox.ts';
import type { CriDeps } from './deps.ts';

const TYPE = {
  created: 'CONTAINER_CREATED_EVENT',
  started: 'CONTAINER_STARTED_EVENT',
  stopped: 'CONTAINER_STOPPED_EVENT',
  deleted: 'CONTAINER_DELETED_EVENT',
} as const;

export function eventsRpcs(deps: CriDeps, rpc: RpcDeps): grpc.UntypedServiceImplementation {
  return {
    GetContainerEvents: serverStream(
      'GetContainerEvents',
      async function* (_, { signal }) {
        for await (const event of deps.events.listen(signal)) yield toEventResponse(event);
      },
      rpc,
      { endless: true },
    ),
  };
}

/** An event with the statuses a kubelet needs: it discards one that lacks them. */
function toEventResponse({ type, id, at, pod }: ContainerEvent<PodSnapshot>): ContainerEventResponseInput {
  return {
    containerId: id,
    containerEventType: TYPE[type],
    createdAt: at.toString(),
    podSandboxStatus: toSandboxStatus(pod.sandbox),
    containersStatuses: pod.containers.map(toContainerStatus),
  };
}

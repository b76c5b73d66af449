// The index of the daemon: every service on the socket and where its RPCs are.
import type grpc from '@grpc/grpc-js';
import { createDirectEncoder } from '../rpc/direct-encoder.ts';
import { loadProtocols } from '../rpc/load-proto.ts';
import { addService, findService, type ReplyEncoders } from '../rpc/service.ts';
import type { RpcDeps } from '../rpc/unary.ts';
import { adminRpcs, adminStreams } from './admin-rpcs.ts';
import { containerRpcs } from './container-rpcs.ts';
import type { CriDeps } from './deps.ts';
import { eventsRpcs } from './events-rpcs.ts';
import { imageRpcs } from './image-rpcs.ts';
import { infoRpcs } from './info-rpcs.ts';
import { metricsRpcs } from './metrics-rpcs.ts';
import { sandboxRpcs } from './sandbox-rpcs.ts';
import { statsRpcs } from './stats-rpcs.ts';
import { streamingRpcs } from './streaming-rpcs.ts';
import { imageListStreams, runtimeListStreams } from './streaming-list-rpcs.ts';

/** Registers RuntimeService, ImageService and crisol's own Admin service. */
export function addServices(server: grpc.Server, deps: CriDeps, rpc: RpcDeps): void {
  const protocols = loadProtocols();
  const encode = createDirectEncoder();
  const runtimeStreams = runtimeListStreams(deps, rpc, encode);
  const imageStreams = imageListStreams(deps, rpc, encode);
  addService(
    server,
    findService(protocols, 'runtime.v1.RuntimeService'),
    {
      ...infoRpcs(deps),
      ...sandboxRpcs(deps),
      ...containerRpcs(deps),
      ...statsRpcs(deps),
      ...metricsRpcs(deps),
      ...streamingRpcs(deps),
    },
    rpc,
    {
      ListPodSandbox: encode('ListPodSandboxResponse'),
      ListContainers: encode('ListContainersResponse'),
      ContainerStats: encode('ContainerStatsResponse'),
      ListContainerStats: encode('ListContainerStatsResponse'),
      PodSandboxStats: encode('PodSandboxStatsResponse'),
      ListPodSandboxStats: encode('ListPodSandboxStatsResponse'),
      ListPodSandboxMetrics: encode('ListPodSandboxMetricsResponse'),
      ...encodedByFunction(runtimeStreams),
    },
    { ...runtimeStreams, ...eventsRpcs(deps, rpc) },
  );
  addService(
    server,
    findService(protocols, 'runtime.v1.ImageService'),
    imageRpcs(deps),
    rpc,
    encodedByFunction(imageStreams),
    imageStreams,
  );
  addService(server, findService(protocols, 'crisol.v1.Admin'), adminRpcs(deps), rpc, {}, adminStreams(deps, rpc));
}

// The list streams hand over messages that are encoded already.
function encodedByFunction(streams: grpc.UntypedServiceImplementation): ReplyEncoders {
  return Object.fromEntries(Object.keys(streams).map((method) => [method, (message) => message as Buffer]));
}

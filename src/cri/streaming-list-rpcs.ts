// The Stream forms of the List RPCs: the same sources and filters, in as many messages as it takes. What is streamed is
// the state at the moment of the call: records are immutable, and the list of them is taken once.
import type grpc from '@grpc/grpc-js';
import type { ImageFilter } from '../gen/runtime/v1/ImageFilter.ts';
import type { ContainerFilter } from '../gen/runtime/v1/ContainerFilter.ts';
import type { ContainerStatsFilter } from '../gen/runtime/v1/ContainerStatsFilter.ts';
import type { PodSandboxFilter } from '../gen/runtime/v1/PodSandboxFilter.ts';
import type { PodSandboxStatsFilter } from '../gen/runtime/v1/PodSandboxStatsFilter.ts';
import type { DirectEncoder } from '../rpc/direct-encoder.ts';
import { serverStream } from '../rpc/server-stream.ts';
import type { RpcDeps } from '../rpc/unary.ts';
import { inBatches } from './batches.ts';
import { toContainerItem } from './convert/container.ts';
import { toImage } from './convert/image.ts';
import { toSandboxItem } from './convert/sandbox.ts';
import type { CriDeps } from './deps.ts';
import {
  selectContainers,
  selectImages,
  selectMeasuredContainers,
  selectMeasuredSandboxes,
  selectSandboxes,
} from './select.ts';

interface Filtered<Filter> {
  readonly filter: Filter | null;
}

export function runtimeListStreams(
  deps: CriDeps,
  rpc: RpcDeps,
  encode: DirectEncoder,
): grpc.UntypedServiceImplementation {
  const sandbox = encode('StreamPodSandboxesResponse');
  const container = encode('StreamContainersResponse');
  const containerStats = encode('StreamContainerStatsResponse');
  const sandboxStats = encode('StreamPodSandboxStatsResponse');
  const sandboxMetrics = encode('StreamPodSandboxMetricsResponse');
  return {
    StreamPodSandboxes: serverStream(
      'StreamPodSandboxes',
      ({ filter }: Filtered<PodSandboxFilter>) =>
        inBatches(selectSandboxes(deps, filter), (record) => sandbox({ podSandboxes: [toSandboxItem(record)] })),
      rpc,
    ),
    StreamContainers: serverStream(
      'StreamContainers',
      ({ filter }: Filtered<ContainerFilter>) =>
        inBatches(selectContainers(deps, filter), (record) => container({ containers: [toContainerItem(record)] })),
      rpc,
    ),
    StreamContainerStats: serverStream(
      'StreamContainerStats',
      async function* ({ filter }: Filtered<ContainerStatsFilter>) {
        const stats = await deps.stats.containers(selectMeasuredContainers(deps, filter));
        yield* inBatches(stats, (item) => containerStats({ containerStats: [item] }));
      },
      rpc,
    ),
    StreamPodSandboxStats: serverStream(
      'StreamPodSandboxStats',
      async function* ({ filter }: Filtered<PodSandboxStatsFilter>) {
        const stats = await deps.stats.sandboxes(selectMeasuredSandboxes(deps, filter));
        yield* inBatches(stats, (item) => sandboxStats({ podSandboxStats: [item] }));
      },
      rpc,
    ),
    StreamPodSandboxMetrics: serverStream(
      'StreamPodSandboxMetrics',
      () => inBatches(deps.metrics.pods(), (pod) => sandboxMetrics({ podSandboxMetrics: [pod] })),
      rpc,
    ),
  };
}

export function imageListStreams(
  deps: CriDeps,
  rpc: RpcDeps,
  encode: DirectEncoder,
): grpc.UntypedServiceImplementation {
  const image = encode('StreamImagesResponse');
  return {
    StreamImages: serverStream(
      'StreamImages',
      ({ filter }: Filtered<ImageFilter>) =>
        inBatches(selectImages(deps, filter), (record) => image({ images: [toImage(record)] })),
      rpc,
    ),
  };
}

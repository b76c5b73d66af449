// ListMetricDescriptors and ListPodSandboxMetrics.
import type { RuntimeServiceHandlers } from '../gen/runtime/v1/RuntimeService.ts';
import type { UnaryTable } from '../rpc/service.ts';
import { metricDescriptors } from '../stats/metrics/families.ts';
import type { CriDeps } from './deps.ts';

type MetricsRpcs = Pick<UnaryTable<RuntimeServiceHandlers>, 'ListMetricDescriptors' | 'ListPodSandboxMetrics'>;

export function metricsRpcs(deps: CriDeps): MetricsRpcs {
  return {
    ListMetricDescriptors: () => ({ descriptors: metricDescriptors() }),
    ListPodSandboxMetrics: async () => {
      const podMetrics: object[] = [];
      for await (const pod of deps.metrics.pods()) podMetrics.push(pod);
      return { podMetrics };
    },
  };
}

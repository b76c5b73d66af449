// What is told of a handler to people: one shape for Status, for `crisol handlers`, and for its check without a daemon.
import type { HandlerReport } from '../cri/deps.ts';
import { FEATURE_NAMES, type FeatureName } from '../runtime/features.ts';
import type { ProvedHandler } from './prove-handlers.ts';

/** Features by the names that the configuration has for them. */
const FEATURE_KEYS: Readonly<Record<FeatureName, string>> = {
  recursiveReadOnlyMounts: 'recursive_read_only_mounts',
  userNamespaces: 'user_namespaces',
  sandboxProcess: 'sandbox_process',
};

export function handlerReport({ name, handler, verdict }: ProvedHandler, defaultHandler: string): HandlerReport {
  const failed = verdict.state === 'failed' ? verdict : undefined;
  return {
    name,
    kind: handler.kind,
    path: verdict.path,
    version: verdict.features.version,
    monitor: verdict.monitor,
    isDefault: name === defaultHandler,
    state: verdict.state,
    reason: failed?.reason ?? '',
    cure: failed?.cure ?? '',
    features: FEATURE_NAMES.map((feature) => ({
      name: FEATURE_KEYS[feature],
      value: verdict.features[feature],
      source: verdict.sources[feature],
    })),
  };
}

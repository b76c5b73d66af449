// What a runtime can do: asked with its `features` verb, completed by the configuration.
import { z } from 'zod';
import type { RuntimeFeatures } from './driver.ts';
import type { FeatureOverrides } from './handler.ts';

/** The parts we use of the OCI `features` document. @see runtime-spec features.md and features-linux.md */
const Features = z.looseObject({
  mountOptions: z.array(z.string()).nullish(),
  linux: z
    .looseObject({
      namespaces: z.array(z.string()).nullish(),
      mountExtensions: z.looseObject({ idmap: z.looseObject({ enabled: z.boolean().nullish() }).nullish() }).nullish(),
    })
    .nullish(),
});

type Reported = Pick<RuntimeFeatures, 'recursiveReadOnlyMounts' | 'userNamespaces'>;

/** Reads the output of `features`; undefined when it is not such a document. */
export function parseFeatures(output: string): Reported | undefined {
  try {
    const { mountOptions, linux } = Features.parse(JSON.parse(output));
    return {
      recursiveReadOnlyMounts: mountOptions?.includes('rro') ?? false,
      // Without mapped mounts a pod's volumes would belong to nobody in its user namespace.
      userNamespaces: linux?.namespaces?.includes('user') === true && linux.mountExtensions?.idmap?.enabled === true,
    };
  } catch {
    return undefined;
  }
}

/** The version in the output of `--version`, or `unknown`. */
export function parseVersion(output: string): string {
  return /\bversion:?\s+(\S+)/.exec(output)?.[1] ?? 'unknown';
}

/** Configured values win over reported ones; what neither knows is false. */
export function mergeFeatures(
  version: string,
  reported: Reported | undefined,
  configured: FeatureOverrides,
): RuntimeFeatures {
  const isConfigured = Object.values(configured).some((value) => value !== undefined);
  const unreported = isConfigured ? 'configured' : 'unknown';
  return {
    version,
    source: reported === undefined ? unreported : 'reported',
    recursiveReadOnlyMounts: configured.recursiveReadOnlyMounts ?? reported?.recursiveReadOnlyMounts ?? false,
    userNamespaces: configured.userNamespaces ?? reported?.userNamespaces ?? false,
    sandboxProcess: configured.sandboxProcess ?? false,
  };
}

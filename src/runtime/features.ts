// What a runtime can do: asked with its `features` verb, completed by the configuration; and where each answer is from.
import { z } from 'zod';
import type { RuntimeFeatures } from './driver.ts';
import type { RuntimeTraits } from './traits.ts';

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

/** Features that are looked for; each is a yes or a no. */
export const FEATURE_NAMES = ['recursiveReadOnlyMounts', 'userNamespaces', 'sandboxProcess'] as const;
export type FeatureName = (typeof FEATURE_NAMES)[number];

/** The runtime said so, the configuration did, the preflight saw it, or nobody knows (then it counts as absent). */
export type FeatureSource = 'reported' | 'configured' | 'probed' | 'unknown';
export type FeatureSources = Readonly<Record<FeatureName, FeatureSource>>;

/** What one source says; what it does not know is undefined. */
export type PartialFeatures = Partial<Readonly<Record<FeatureName, boolean | undefined>>>;

export interface MergedFeatures {
  readonly features: RuntimeFeatures;
  readonly sources: FeatureSources;
}

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
  return /\bversion:?\s+(\S+)/i.exec(output)?.[1] ?? 'unknown';
}

/**
 * Configured values win over what the preflight saw, that over reported ones; what nobody knows is false.
 * @param reported what the runtime's `features` said
 * @param probed what was seen of the runtime otherwise
 */
export function mergeFeatures(
  version: string,
  reported: PartialFeatures | undefined,
  configured: PartialFeatures,
  probed: PartialFeatures & Partial<RuntimeTraits> = {},
): MergedFeatures {
  const values: Record<string, boolean> = {};
  const sources: Record<string, FeatureSource> = {};
  for (const name of FEATURE_NAMES) {
    const known = (
      [
        ['configured', configured[name]],
        ['probed', probed[name]],
        ['reported', reported?.[name]],
      ] as const
    ).find(([, value]) => value !== undefined);
    values[name] = known?.[1] ?? false;
    sources[name] = known?.[0] ?? 'unknown';
  }
  const isConfigured = Object.values(sources).includes('configured');
  const unreported = isConfigured ? 'configured' : 'unknown';
  const traits = outsideView(values['sandboxProcess'] === true, probed);
  const source = reported === undefined ? unreported : 'reported';
  return {
    features: { version, source, ...values, ...traits } as RuntimeFeatures,
    sources: sources as FeatureSources,
  };
}

// A sandbox that only the configuration knows of has, for all we know, a network inside that only its address reaches.
function outsideView(sandboxProcess: boolean, probed: Partial<RuntimeTraits>): Omit<RuntimeTraits, 'sandboxProcess'> {
  const { ownArgs = [], hostNetworkArgs = [], givesInputAway = false, obeysPathRules = true } = probed;
  const { selinux = 'container' } = probed;
  const inside = { ownArgs, hostNetworkArgs, givesInputAway, obeysPathRules, selinux };
  if (!sandboxProcess) return { ...inside, containerCgroups: true, portForward: 'netns' };
  const { containerCgroups = true, portForward = 'pod-address' } = probed;
  return { ...inside, containerCgroups, portForward };
}

// Which manifest of an index fits this host.
import { hostCpuVariant } from '../host/cpu.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
const SYNONYMS: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
};

// What runs on a host of the given architecture, best first; of its own variants those up to the host's.
const RUNNABLE: Readonly<Record<string, readonly string[]>> = {
  amd64: ['amd64/v4', 'amd64/v3', 'amd64/v2', 'amd64/v1', '386/'],
  arm64: ['arm64/v9', 'arm64/v8', 'arm/v8', 'arm/v7', 'arm/v6', 'arm/v5'],
  arm: ['arm/v8', 'arm/v7', 'arm/v6', 'arm/v5'],
};
// What an image, or a host, is when it does not say.
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8', arm: 'v7' };

/** The platform of this host, in OCI's words. */
export function hostPlatform(): Platform {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  return { os: 'linux', architecture, variant: hostCpuVariant(architecture) };
}

/** How well `platform` suits `host`: 0 is best, undefined is not at all. */
export function platformRank(platform: Platform, host: Platform): number | undefined {
  if (platform.os !== host.os) return undefined;
  const architecture = SYNONYMS[platform.architecture] ?? platform.architecture;
  const runnable = RUNNABLE[host.architecture] ?? [keyOf(host.architecture, undefined)];
  const own = runnable.indexOf(keyOf(host.architecture, host.variant));
  const rank = runnable.indexOf(keyOf(architecture, platform.variant));
  return rank < 0 || rank < own ? undefined : rank - Math.max(own, 0);
}

function keyOf(architecture: string, variant: string | undefined): string {
  const isGiven = variant !== undefined && variant !== '';
  return `${architecture}/${isGiven ? variant : (DEFAULT_VARIANT[architecture] ?? '')}`;
}

/** The candidate that suits `host` best; the first one among equals. */
export function choosePlatform<T extends { readonly platform?: Platform | undefined }>(
  candidates: readonly T[],
  host: Platform,
): T | undefined {
  let best: { readonly candidate: T; readonly rank: number } | undefined;
  for (const candidate of candidates) {
    const rank = candidate.platform === undefined ? undefined : platformRank(candidate.platform, host);
    if (rank !== undefined && rank < (best?.rank ?? Infinity)) best = { candidate, rank };
  }
  return best?.candidate;
}

/** `linux/arm/v7`, for messages. */
export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant]
    .filter((part) => part !== undefined && part !== '')
    .join('/');
}

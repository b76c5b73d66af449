// The content policy: which images this node accepts, by the repository they come from.
import type { KeyObject } from 'node:crypto';

/** A public key that may vouch for images. */
export interface TrustedKey {
  /** `sha256:HEX` of the public key itself, so that a proof does not outlive the key that made it. */
  readonly id: string;
  readonly key: KeyObject;
}

/** What is asked of an image: nothing, everything, or a signature by one of `keys`. */
export type Requirement =
  | { readonly kind: 'accept' }
  | { readonly kind: 'reject' }
  | { readonly kind: 'signed'; readonly keys: readonly TrustedKey[] };

export interface ContentPolicy {
  /** For repositories that no scope covers. */
  readonly fallback: Requirement;
  /** By `HOST` or `HOST/PATH`, each for that repository and all below it. */
  readonly scopes: Readonly<Record<string, Requirement>>;
}

/** A requirement and where it stands in the policy. */
export interface Rule {
  /** The scope; empty for the default. */
  readonly scope: string;
  readonly requirement: Requirement;
}

export const ACCEPT_ALL: ContentPolicy = { fallback: { kind: 'accept' }, scopes: {} };

/** The rule for a repository (`domain/path`): that of the longest scope which is it or a parent of it. */
export function ruleFor(policy: ContentPolicy, repository: string): Rule {
  for (let at = repository; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('/'), 0))) {
    const requirement = Object.hasOwn(policy.scopes, at) ? policy.scopes[at] : undefined;
    if (requirement !== undefined) return { scope: at, requirement };
  }
  return { scope: '', requirement: policy.fallback };
}

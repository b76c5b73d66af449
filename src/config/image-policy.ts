// [images.policy]: which images this node accepts, by where they come from.
import { field, type Values } from './field.ts';
import { listOf, oneOf, path } from './value-types.ts';

export const IMAGE_POLICY_FIELDS = {
  fallback: field('default', 'accept', oneOf('accept', 'reject'), 'What happens to images that no scope covers'),
};

/** The keys of one [images.policy.scopes."HOST/PATH"]. */
export const POLICY_SCOPE_FIELDS = {
  require: field(
    'require',
    'signed',
    oneOf('signed', 'accept', 'reject'),
    'What is asked of images of this registry or repository: "signed" (with one of keys), "accept" or "reject"',
  ),
  keys: field('keys', [], listOf(path), 'PEM files with the public keys of cosign; one that fits is enough'),
};

export type PolicyScopeConfig = Values<typeof POLICY_SCOPE_FIELDS>;

export interface ImagePolicyConfig extends Values<typeof IMAGE_POLICY_FIELDS> {
  /** By `HOST` or `HOST/PATH`. */
  readonly scopes: Readonly<Record<string, PolicyScopeConfig>>;
}

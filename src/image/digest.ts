// Content digests: `algorithm:hex`, as OCI writes them.
import { createHash, type Hash } from 'node:crypto';
import { invalidArgument } from '../errors.ts';

const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

export interface DigestParts {
  readonly algorithm: string;
  readonly hex: string;
}

/** Whether `text` is a digest of an algorithm that can be checked here (sha256, sha512). */
export function isDigest(text: string): boolean {
  const [algorithm = '', hex = '', ...rest] = text.split(':');
  return rest.length === 0 && hex.length === HEX_LENGTH[algorithm] && /^[0-9a-f]+$/.test(hex);
}

/** @throws invalid-argument when `digest` is malformed or of an unknown algorithm; safe to build paths from the result */
export function splitDigest(digest: string): DigestParts {
  if (!isDigest(digest)) throw invalidArgument(`digest "${digest}" is not a sha256 or sha512 digest`);
  const [algorithm = '', hex = ''] = digest.split(':');
  return { algorithm, hex };
}

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A running hash of the algorithm that `digest` names. */
export function hasherFor(digest: string): Hash {
  return createHash(splitDigest(digest).algorithm);
}

/** Whether `bytes` have the given digest. */
export function matchesDigest(bytes: Uint8Array, digest: string): boolean {
  return hasherFor(digest).update(bytes).digest('hex') === splitDigest(digest).hex;
}

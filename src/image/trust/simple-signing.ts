// One cosign signature: a payload that names an image, and whether a key vouches for it.
import { verify } from 'node:crypto';
import { z } from 'zod';
import { errorMessage } from '../../errors.ts';
import { parseReference, repositoryOf } from '../reference.ts';
import type { TrustedKey } from './policy.ts';

/** The media type of the payload, and the annotation with its signature. @see cosign, SIGNATURE_SPEC.md */
export const PAYLOAD_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';

const PAYLOAD_KIND = 'cosign container image signature';

/** The "simple signing" payload. @see containers/image, docs/containers-signature.5.md */
const Payload = z.object({
  critical: z.object({
    type: z.string(),
    image: z.object({ 'docker-manifest-digest': z.string() }),
    identity: z.object({ 'docker-reference': z.string() }),
  }),
});

export interface Signature {
  readonly payload: Buffer;
  /** Raw bytes: DER for ECDSA. */
  readonly signature: Buffer;
}

/** What a signature has to be about. */
export interface SignedImage {
  /** `domain/path`, as the pod means it, whatever mirror it came from. */
  readonly repository: string;
  /** Digests that stand for the image: what the name points to, and the manifest for this host. */
  readonly digests: readonly string[];
}

/** What was proven, or why nothing was. */
export type Verdict =
  { readonly ok: true; readonly key: string; readonly digest: string } | { readonly ok: false; readonly why: string };

/** Judges one signature. The key comes first: what an unproven payload says is not even read. */
export function judge({ payload, signature }: Signature, image: SignedImage, keys: readonly TrustedKey[]): Verdict {
  const signer = keys.find(({ key }) => isSignedBy(key, payload, signature));
  if (signer === undefined) return { ok: false, why: 'it was made with none of the configured keys' };
  let parsed: z.infer<typeof Payload>;
  try {
    parsed = Payload.parse(JSON.parse(payload.toString('utf8')));
  } catch (error) {
    return { ok: false, why: `its payload is malformed: ${errorMessage(error)}` };
  }
  const { type, image: signed, identity } = parsed.critical;
  if (type !== PAYLOAD_KIND) return { ok: false, why: `it is of type "${type}"` };
  const digest = signed['docker-manifest-digest'];
  if (!image.digests.includes(digest)) return { ok: false, why: `it is for digest "${digest}"` };
  const name = identity['docker-reference'];
  if (repositoryNamed(name) !== image.repository) return { ok: false, why: `it is for repository "${name}"` };
  return { ok: true, key: signer.id, digest };
}

function isSignedBy(key: TrustedKey['key'], payload: Buffer, signature: Buffer): boolean {
  try {
    // Ed25519 hashes for itself.
    return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', payload, key, signature);
  } catch {
    return false;
  }
}

function repositoryNamed(reference: string): string | undefined {
  try {
    return repositoryOf(parseReference(reference));
  } catch {
    return undefined;
  }
}

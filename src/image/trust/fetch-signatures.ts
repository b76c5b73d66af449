// The cosign signatures of an image, from beside it in its repository.
import { DaemonError, errorCode } from '../../errors.ts';
import { splitDigest } from '../digest.ts';
import { parseManifest } from '../manifest.ts';
import type { Descriptor } from '../schema.ts';
import { PAYLOAD_TYPE, SIGNATURE_ANNOTATION, type Signature } from './simple-signing.ts';

/** The part of a repository that signatures are read from. */
export interface SignatureSource {
  manifest(tag: string, signal: AbortSignal): Promise<{ readonly bytes: Buffer; readonly mediaType: string }>;
  /** A whole small blob, proven. */
  smallBlob(descriptor: Descriptor, limitBytes: number, signal: AbortSignal): Promise<Buffer>;
}

// A payload is a few hundred bytes; an image is signed by a handful of keys.
const MAX_PAYLOAD_BYTES = 64 * 1024;
const MAX_SIGNATURES = 50;

/**
 * Everything that is signed under the tag `sha256-HEX.sig`; empty when there is no such tag.
 * @throws what the registry says otherwise; data-loss for what is no signature manifest
 */
export async function fetchSignatures(
  source: SignatureSource,
  digest: string,
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  const { algorithm, hex } = splitDigest(digest);
  const tag = `${algorithm}-${hex}.sig`;
  let document;
  try {
    document = await source.manifest(tag, signal);
  } catch (error) {
    if (errorCode(error) === 'not-found') return [];
    throw error;
  }
  const parsed = parseManifest(document.bytes, document.mediaType, `signatures "${tag}"`);
  if (parsed.kind !== 'manifest') throw new DaemonError('data-loss', `signatures "${tag}" are no manifest`);
  const payloads = parsed.manifest.layers.filter(({ mediaType }) => mediaType === PAYLOAD_TYPE);
  const signatures: Signature[] = [];
  for (const descriptor of payloads.slice(0, MAX_SIGNATURES)) {
    const signature = Buffer.from(descriptor.annotations?.[SIGNATURE_ANNOTATION] ?? '', 'base64');
    signatures.push({ payload: await source.smallBlob(descriptor, MAX_PAYLOAD_BYTES, signal), signature });
  }
  return signatures;
}

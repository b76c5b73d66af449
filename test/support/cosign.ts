// Signs images as cosign does, with keys made on the spot, and puts the signatures beside them in a registry.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { digestOf } from '../../src/image/digest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/image/media-types.ts';
import { PAYLOAD_TYPE, SIGNATURE_ANNOTATION } from '../../src/image/trust/simple-signing.ts';

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** As a file of the policy holds it. */
  readonly pem: string;
}

export function makeKey(kind: 'ecdsa' | 'rsa' | 'ed25519' = 'ecdsa'): SigningKey {
  const { privateKey, publicKey } = {
    ecdsa: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ed25519: () => generateKeyPairSync('ed25519'),
  }[kind]();
  return { privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

export interface Claim {
  /** What the payload calls the repository. */
  readonly reference: string;
  /** What the payload says is signed. */
  readonly digest: string;
  readonly type?: string;
}

/** A payload and its signature. */
export function signPayload({ privateKey }: SigningKey, { reference, digest, type }: Claim): readonly [Buffer, Buffer] {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': digest },
        type: type ?? 'cosign container image signature',
      },
      optional: null,
    }),
  );
  return [payload, sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', payload, privateKey)];
}

/** Pushes signatures of the manifest `digest` into `repository` of the registry at `address`, over plain HTTP. */
export async function pushSignatures(
  address: string,
  repository: string,
  digest: string,
  signatures: readonly (readonly [Buffer, Buffer])[],
): Promise<void> {
  const base = `http://${address}/v2/${repository}`;
  const layers = [];
  for (const [payload, signature] of signatures) {
    const annotations = { [SIGNATURE_ANNOTATION]: signature.toString('base64') };
    layers.push({ ...(await pushBlob(base, payload, PAYLOAD_TYPE)), annotations });
  }
  const config = await pushBlob(base, Buffer.from('{}'), OCI_CONFIG);
  const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
  const headers = { 'content-type': OCI_MANIFEST };
  await send(`${base}/manifests/${digest.replace(':', '-')}.sig`, { method: 'PUT', headers, body });
}

/** Uploads a blob and returns its descriptor. */
export async function pushBlob(base: string, bytes: Buffer, mediaType: string) {
  const digest = digestOf(bytes);
  const { headers } = await send(`${base}/blobs/uploads/`, { method: 'POST' });
  const url = new URL(headers.get('location') ?? '', base);
  url.searchParams.set('digest', digest);
  await send(url.href, { method: 'PUT', body: new Uint8Array(bytes) });
  return { mediaType, digest, size: bytes.length };
}

export async function send(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new RangeError(`${init.method ?? ''} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

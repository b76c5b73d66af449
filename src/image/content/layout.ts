// Where things lie in the content store: an OCI image layout.
import { join } from 'node:path';
import { splitDigest } from '../digest.ts';

/** @see OCI image-spec, image-layout.md */
export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_CONTENT = '{"imageLayoutVersion":"1.0.0"}\n';
export const INDEX_FILE = 'index.json';
export const ALGORITHMS = ['sha256', 'sha512'];

/** @throws invalid-argument when `digest` is malformed, so no digest can lead out of the store */
export function blobPath(contentRoot: string, digest: string): string {
  const { algorithm, hex } = splitDigest(digest);
  return join(contentRoot, 'blobs', algorithm, hex);
}

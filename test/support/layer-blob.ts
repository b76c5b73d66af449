// Layer blobs for tests of unpacking.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { LayerSource } from '../../src/image/unpack/layer-store.ts';

export function sha256(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Writes an archive to `path`, gzip-compressed, as a layer to unpack. */
export function layerBlob(path: string, archive: Buffer): LayerSource {
  writeFileSync(path, gzipSync(archive, { level: 1 }));
  return { path, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', diffId: sha256(archive) };
}

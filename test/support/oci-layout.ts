// Writes an OCI layout directory with one image made of tar layers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../src/image/digest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/image/media-types.ts';
import { hostPlatform } from '../../src/image/platform.ts';

export interface LayoutImage {
  readonly id: string;
  readonly manifestDigest: string;
}

/** @param layers uncompressed tars, bottom first */
export function writeLayout(directory: string, layers: readonly Buffer[], name?: string): LayoutImage {
  const blobs = join(directory, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const store = (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    writeFileSync(join(blobs, digest.replace('sha256:', '')), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const rootfs = { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) };
  const config = store(json({ ...hostPlatform(), config: { Cmd: ['/bin/sh'] }, rootfs }), OCI_CONFIG);
  const descriptors = layers.map((layer) => store(layer, OCI_LAYER));
  const manifest = store(
    json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: descriptors }),
    OCI_MANIFEST,
  );
  const annotations = name === undefined ? {} : { 'org.opencontainers.image.ref.name': name };
  writeFileSync(join(directory, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return { id: config.digest, manifestDigest: manifest.digest };
}

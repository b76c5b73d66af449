// A small image made of bytes, and its way into a fake registry.
import { randomBytes } from 'node:crypto';
import { digestOf } from '../../src/image/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../src/image/media-types.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import type { FakeRegistry } from './fake-registry.ts';

export interface FakeImage {
  readonly layers: readonly Buffer[];
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly id: string;
  readonly manifestDigest: string;
}

export function makeImage(options: { layers?: readonly Buffer[]; platform?: object; label?: string } = {}): FakeImage {
  const layers = options.layers ?? [randomBytes(3000), randomBytes(200_000)];
  const config = Buffer.from(
    JSON.stringify({
      ...hostPlatform(),
      ...options.platform,
      config: { Env: ['A=b'], Cmd: ['/bin/x'], User: '7', Labels: { label: options.label ?? 'none' } },
      rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptorOf(config, OCI_CONFIG),
      layers: layers.map((layer) => descriptorOf(layer, OCI_LAYER)),
    }),
  );
  return { layers, config, manifest, id: digestOf(config), manifestDigest: digestOf(manifest) };
}

export function descriptorOf(bytes: Buffer, mediaType: string, extra: object = {}): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...extra };
}

export function makeIndex(entries: readonly (readonly [FakeImage, object])[]): Buffer {
  const manifests = entries.map(([image, platform]) => descriptorOf(image.manifest, OCI_MANIFEST, { platform }));
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

export function serve(registry: FakeRegistry, image: FakeImage, repository: string, tag: string): void {
  const base = `/v2/${repository}`;
  registry.put(`${base}/manifests/${tag}`, OCI_MANIFEST, image.manifest);
  registry.put(`${base}/manifests/${image.manifestDigest}`, OCI_MANIFEST, image.manifest);
  for (const blob of [image.config, ...image.layers])
    registry.put(`${base}/blobs/${digestOf(blob)}`, 'application/octet-stream', blob);
}

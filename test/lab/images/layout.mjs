// Writes OCI image layouts: blobs named by digest, the same bytes from the same trees every time.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = {
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  config: 'application/vnd.oci.image.config.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
};
const epoch = '1970-01-01T00:00:00Z';
const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An image layout in a directory; `putLayer` and `putImage` add to it, `finish` names the images in its index. */
export class ImageLayout {
  #directory;
  #named = [];

  constructor(directory) {
    this.#directory = directory;
    mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
    writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  /** Packs a tree as one gzip layer; everything belongs to root and is as old as the epoch. */
  putLayer(tree) {
    const owner = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=posix'];
    const pax = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';
    const tar = execFileSync('tar', ['-c', ...owner, pax, '-C', tree, '.'], { maxBuffer: 1 << 28 });
    return { descriptor: this.#putBlob(types.layer, gzipSync(tar)), diffId: digestOf(tar) };
  }

  /** Writes config and manifest for one platform and returns the manifest's descriptor. */
  putImage({ layers, config, architecture }) {
    const platform = { architecture, os: 'linux' };
    const rootfs = { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) };
    const history = layers.map(() => ({ created: epoch, created_by: 'crisol lab' }));
    const manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: this.#putJson(types.config, { created: epoch, ...platform, config, rootfs, history }),
      layers: layers.map((layer) => layer.descriptor),
    };
    return { ...this.#putJson(types.manifest, manifest), platform };
  }

  putIndex(manifests) {
    return this.#putJson(types.index, { schemaVersion: 2, mediaType: types.index, manifests });
  }

  name(descriptor, reference) {
    this.#named.push({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': reference } });
  }

  finish() {
    const index = { schemaVersion: 2, mediaType: types.index, manifests: this.#named };
    writeFileSync(join(this.#directory, 'index.json'), JSON.stringify(index));
  }

  #putJson(mediaType, value) {
    return this.#putBlob(mediaType, Buffer.from(JSON.stringify(value)));
  }

  #putBlob(mediaType, bytes) {
    const digest = digestOf(bytes);
    writeFileSync(join(this.#directory, 'blobs', digest.replace(':', '/')), bytes);
    return { mediaType, digest, size: bytes.length };
  }
}

// Writes an OCI image layout with one empty layer to the directory named.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory] = process.argv.slice(2);
mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });

function blob(bytes) {
  const hex = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(directory, 'blobs/sha256', hex), bytes);
  return { digest: `sha256:${hex}`, size: bytes.length };
}
const json = (value) => Buffer.from(JSON.stringify(value));

// A tar file's end is two blocks of zeros.
const layer = blob(Buffer.alloc(1024));
const config = blob(
  json({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  }),
);
const manifest = blob(
  json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
  }),
);
writeFileSync(
  join(directory, 'index.json'),
  json({ schemaVersion: 2, manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest }] }),
);
writeFileSync(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));

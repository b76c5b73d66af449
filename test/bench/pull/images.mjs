// Makes the images of the pull benchmark out of this machine's own files, once: an OCI layout per image.
// Usage: node images.mjs TREES LAYOUTS; TREES is scratch space on the file system of /usr where that can be.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { copyFileSync, linkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { arch } from 'node:process';

const MB = 1_000_000;
const [trees, layouts] = process.argv.slice(2);

/** What each image is; `megabytes` is what its layers hold when unpacked. */
const images = [
  { name: 'ten-layers', layers: 10, megabytes: 500, compress: ['gzip', '-6'], type: 'gzip' },
  { name: 'one-layer', layers: 1, megabytes: 1000, compress: ['gzip', '-6'], type: 'gzip' },
  { name: 'small-files', layers: 1, files: 20_000, compress: ['gzip', '-6'], type: 'gzip' },
  { name: 'zstd', layers: 10, megabytes: 500, compress: ['zstd', '-q', '-3'], type: 'zstd' },
];

/** Regular files of the distribution, in an order that mixes programs, libraries and texts the same way each time. */
function candidates() {
  const files = [];
  const visit = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) files.push({ path, size: statSync(path).size });
    }
  };
  for (const top of ['/usr/bin', '/usr/lib', '/usr/share', '/usr/local']) visit(top);
  const rank = (path) => createHash('sha1').update(path).digest('hex');
  return files
    .filter(({ size }) => size > 0 && size < 40 * MB)
    .map((file) => ({ ...file, rank: rank(file.path) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
}

function* endless(files) {
  for (let round = 0; ; round += 1) for (const file of files) yield { ...file, name: join(`round${round}`, file.path) };
}

function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function fillTree(tree, source, isFull) {
  const sum = { bytes: 0, files: 0 };
  while (!isFull(sum)) {
    const { value } = source.next();
    place(value.path, join(tree, value.name));
    sum.bytes += value.size;
    sum.files += 1;
  }
}

async function digestOf(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

async function keep(blobs, path) {
  const digest = await digestOf(path);
  const size = statSync(path).size;
  renameSync(path, join(blobs, digest.slice(7)));
  return { digest, size };
}

async function putJson(blobs, mediaType, value) {
  const path = join(blobs, 'new');
  writeFileSync(path, JSON.stringify(value));
  return { mediaType, ...(await keep(blobs, path)) };
}

async function putLayer(blobs, tree, { compress, type }) {
  const path = join(blobs, 'layer.tar');
  // Hard links to the distribution's files would make every second copy of a file an empty entry.
  execFileSync('tar', ['-cf', path, '--hard-dereference', '--sort=name', '--owner=0', '--group=0', '-C', tree, '.']);
  const diffId = await digestOf(path);
  const [program, ...args] = compress;
  execFileSync('bash', ['-c', `"$@" <"${path}" >"${path}.packed"`, 'pack', program, ...args]);
  rmSync(path);
  const blob = await keep(blobs, `${path}.packed`);
  return { diffId, descriptor: { mediaType: `application/vnd.oci.image.layer.v1.tar+${type}`, ...blob } };
}

async function build(image, files) {
  const layout = join(layouts, image.name);
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const small = files.filter(({ size }) => size < 16_384);
  const source = endless(image.files === undefined ? files : small);
  const share = (image.megabytes ?? 0) / image.layers;
  const layers = [];
  for (let index = 0; index < image.layers; index += 1) {
    const tree = join(trees, `${image.name}-${index}`);
    fillTree(tree, source, (sum) => (image.files === undefined ? sum.bytes >= share * MB : sum.files >= image.files));
    layers.push(await putLayer(blobs, tree, image));
    rmSync(tree, { recursive: true });
  }
  const platform = { architecture: arch === 'x64' ? 'amd64' : arch, os: 'linux' };
  const config = await putJson(blobs, 'application/vnd.oci.image.config.v1+json', {
    ...platform,
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = await putJson(blobs, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } };
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  const packed = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  console.log(`${image.name}: ${(packed / MB).toFixed(0)} MB compressed`);
}

const files = candidates();
for (const image of images) await build(image, files);

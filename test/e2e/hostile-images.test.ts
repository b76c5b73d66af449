// Images made to do harm: each is refused with a clear error or kept inside its own directory, nothing is left half
// made, and the next good pull works.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/image/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/image/media-types.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { descriptorOf, makeImage, serve } from '../fakes/fake-image.ts';
import { FakeRegistry, type Spoil } from '../fakes/fake-registry.ts';
import { openTar, tar, type TarPart } from '../support/tar-builder.ts';
import { TestDaemon } from './daemon.ts';

const PROMPT_MS = 20_000;
const MAX_ENTRIES = 100_000;

interface Blob {
  readonly bytes: Buffer;
  readonly diffId: string;
}

const packed = (archive: Buffer): Blob => ({ bytes: gzipSync(archive, { level: 1 }), diffId: digestOf(archive) });
const layer = (...parts: TarPart[]): Blob => packed(tar(parts));

/** Two GiB of zeros as one file, in 64 kB: zstd blocks that repeat one byte. */
function zeroBomb(): Buffer {
  const size = 2 ** 31;
  const head = openTar([{ path: 'zeros', size }]).subarray(0, 512);
  const block = (type: number, bytes: number, content: Buffer) => {
    const header = Buffer.alloc(3);
    header.writeUIntLE((bytes << 3) | (type << 1), 0, 3);
    return Buffer.concat([header, content]);
  };
  const run = block(1, 128 * 1024, Buffer.alloc(1));
  // Magic, frame header without content size, window of 128 KiB.
  const frame = Buffer.from('28b52ffd0038', 'hex');
  const last = block(1, 1024, Buffer.alloc(1));
  last[0] = (last[0] ?? 0) | 1;
  return Buffer.concat([frame, block(0, 512, head), ...Array<Buffer>(size / (128 * 1024)).fill(run), last]);
}

describe('PullImage of an image that', () => {
  const daemon = new TestDaemon();
  const { client } = daemon;
  const registry = new FakeRegistry();
  const outside = mkdtempSync('/var/tmp/crisol-outside-');
  const good = makeImage({ layers: [tar([{ path: 'etc/hello', content: 'hello' }])] });

  beforeAll(async () => {
    writeFileSync(join(outside, 'secret'), 'secret');
    await registry.listen();
    serve(registry, good, 'good', '1');
    daemon.writeMirror('fake.test', `http://${registry.address}`);
    daemon.writeDropIn(
      `[images]\nprogress_timeout = "2s"\nresponse_timeout = "2s"\n[images.limits]\nmax_layer_entries = ${MAX_ENTRIES}\n`,
    );
    // Small enough to fill, large enough for what is refused before that.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1200m', 'tmpfs', daemon.root]);
    await daemon.start();
  }, 30_000);

  afterEach(async () => {
    registry.spoil = (_request, _response, next) => next();
    expect(await leftBehind(['layers', 'ingest'])).toEqual({ images: 0, files: [] });
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
    await client.call('PullImage', { image: { image: 'fake.test/good:1' } });
    await client.call('RemoveImage', { image: { image: 'fake.test/good:1' } });
    // What had arrived whole is kept for the next attempt, and goes with the first image that is removed.
    expect(await leftBehind(['layers', 'ingest', 'content/blobs/sha256'])).toEqual({ images: 0, files: [] });
  }, 60_000);

  afterAll(async () => {
    await daemon.stop();
    execFileSync('umount', [daemon.root]);
    await daemon.destroy();
    await registry.close();
    rmSync(outside, { recursive: true, force: true });
  });

  /**
   * Images, and what is in the store that belongs to none; waits a little for what is removed in the background. A
   * partial download is kept for the pull that goes on with it.
   */
  async function leftBehind(places: readonly string[]): Promise<{ images: number; files: string[] }> {
    for (let tries = 0; ; tries += 1) {
      const { images } = await client.call('ListImages', {});
      const files = places
        .flatMap((path) => readdirSync(join(daemon.root, 'image', path)))
        .filter((name) => !name.startsWith('partial-'));
      if (files.length === 0 || tries === 100) return { images: images.length, files };
      await sleep(100);
    }
  }

  /** Puts an image of these layers into the registry. */
  function put(name: string, layers: readonly Blob[], mediaType = OCI_LAYER_GZIP): void {
    const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
    const config = Buffer.from(JSON.stringify({ ...hostPlatform(), config: {}, rootfs }));
    const descriptors = layers.map(({ bytes }) => descriptorOf(bytes, mediaType));
    putManifest(name, {
      mediaType: OCI_MANIFEST,
      config: descriptorOf(config, OCI_CONFIG),
      layers: descriptors,
    });
    for (const bytes of [config, ...layers.map((each) => each.bytes)])
      registry.put(`/v2/${name}/blobs/${digestOf(bytes)}`, 'application/octet-stream', bytes);
  }

  function putManifest(name: string, document: { mediaType: string; [key: string]: unknown }): string {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...document }));
    for (const tag of ['1', digestOf(bytes)]) registry.put(`/v2/${name}/manifests/${tag}`, document.mediaType, bytes);
    return digestOf(bytes);
  }

  async function failure(name: string) {
    const started = performance.now();
    const result = await client.failure('PullImage', { image: { image: `fake.test/${name}:1` } });
    expect(performance.now() - started).toBeLessThan(PROMPT_MS);
    return result;
  }

  // Deep enough to leave the layer, short enough for the name field of a tar header.
  const up = '../'.repeat(15);
  const link = (path: string, linkPath: string): TarPart => ({ path, flag: '2', linkPath });
  const hard = (path: string, linkPath: string): TarPart => ({ path, flag: '1', linkPath });
  const entries = (count: number) =>
    packed(Buffer.concat([...Array<Buffer>(count).fill(openTar([{ path: 'x' }])), Buffer.alloc(1024)]));
  const raw = (archive: Buffer): Blob => packed(archive);
  const gzipped = (archive: Buffer, change: (bytes: Buffer) => Buffer): Blob => ({
    bytes: change(gzipSync(archive)),
    diffId: digestOf(archive),
  });
  const noise = tar([{ path: 'noise', content: randomBytes(200_000) }]);

  it.each<{ name: string; parts: TarPart[]; holds: string[] }>([
    { name: 'absolute-path', parts: [{ path: `${outside}/new` }], holds: [`${outside.slice(1)}/new`] },
    { name: 'climbing-path', parts: [{ path: `${up}${outside.slice(1)}/new` }], holds: [`${outside.slice(1)}/new`] },
    { name: 'climbing-inside', parts: [{ path: `a/b/../../${up}c` }], holds: ['c'] },
    {
      name: 'link-to-outside',
      parts: [link('out', outside), { path: 'out/new', content: 'x' }],
      holds: ['out', `${outside.slice(1)}/new`],
    },
    {
      name: 'climbing-link',
      parts: [link('out', `${up}${outside.slice(1)}`), { path: 'out/new' }, { path: 'out/secret', content: 'lost' }],
      holds: ['out', `${outside.slice(1)}/secret`],
    },
    {
      name: 'link-of-links',
      parts: [link('a', 'b'), link('b', 'c/..'), link('c', outside), { path: 'a/new' }],
      holds: ['a', 'b', 'c'],
    },
    { name: 'file-over-link', parts: [link('l', `${outside}/secret`), { path: 'l', content: 'lost' }], holds: ['l'] },
    { name: 'whiteout-outside', parts: [link('out', outside), { path: 'out/.wh.secret' }], holds: ['out'] },
    {
      name: 'devices-and-setuid',
      parts: [
        { path: 'mem', flag: '3', device: [1, 1], mode: 0o666 },
        { path: 'disk', flag: '4', device: [8, 0], mode: 0o666 },
        { path: 'root', mode: 0o6755, content: '#!/bin/sh\n' },
      ],
      holds: ['mem', 'disk', 'root'],
    },
  ])('stays in its directory: $name', async ({ name, parts, holds }) => {
    put(name, [layer(...parts)]);

    await client.call('PullImage', { image: { image: `fake.test/${name}:1` } });

    const [hex = ''] = readdirSync(join(daemon.root, 'image/layers'));
    for (const path of holds) {
      const directory = join(daemon.root, 'image/layers', hex, 'fs', path, '..');
      expect(readdirSync(directory)).toContain(path.split('/').at(-1));
    }
    await client.call('RemoveImage', { image: { image: `fake.test/${name}:1` } });
  });

  it.each<{ name: string; blob: Blob; code: string; says: RegExp; mediaType?: string }>([
    {
      name: 'hard-link-outside',
      blob: layer(hard('l', `${up}${outside.slice(1)}/secret`)),
      code: 'INVALID_ARGUMENT',
      says: /entry "l": it is a hard link to ".*secret", which does not exist/,
    },
    {
      name: 'hard-link-through-link',
      blob: layer(link('out', outside), hard('l', 'out/secret')),
      code: 'INVALID_ARGUMENT',
      says: /entry "l": it is a hard link to "out\/secret", which does not exist/,
    },
    {
      name: 'nul-in-name',
      blob: layer({ pax: { path: 'a\0b' } }),
      code: 'INVALID_ARGUMENT',
      says: /NUL/i,
    },
    { name: 'long-name', blob: layer({ pax: { path: 'n'.repeat(300) } }), code: 'INVALID_ARGUMENT', says: /255 bytes/ },
    {
      name: 'long-path',
      blob: layer({ pax: { path: 'n/'.repeat(3000) } }),
      code: 'INVALID_ARGUMENT',
      says: /longer than 4094 bytes/,
    },
    {
      name: 'deep-path',
      blob: layer({ pax: { path: 'd/'.repeat(700) } }),
      code: 'RESOURCE_EXHAUSTED',
      says: /limit of 512 path components \(images\.limits\.max_path_depth\)/,
    },
    {
      name: 'many-entries',
      blob: entries(MAX_ENTRIES + 1),
      code: 'RESOURCE_EXHAUSTED',
      says: /limit of 100000 entries \(images\.limits\.max_layer_entries\)/,
    },
    {
      name: 'zero-bomb',
      blob: { bytes: zeroBomb(), diffId: digestOf('never reached') },
      code: 'RESOURCE_EXHAUSTED',
      says: /limit of 1000 uncompressed bytes per compressed byte \(images\.limits\.max_compression_ratio\)/,
      mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
    },
    {
      name: 'fills-the-disk',
      blob: packed(
        tar([
          { path: 'zeros', content: Buffer.alloc(1 << 29) },
          { path: 'more', content: Buffer.alloc(3 << 28) },
        ]),
      ),
      code: 'RESOURCE_EXHAUSTED',
      says: /entry "more": .*ENOSPC/,
    },
    {
      name: 'sparse-file',
      blob: layer({ path: 's', flag: 'S', content: 'x' }),
      code: 'INVALID_ARGUMENT',
      says: /sparse/,
    },
    {
      name: 'broken-pax-length',
      blob: raw(tar([{ path: 'p', flag: 'x', content: '999 path=x\n' }, { path: 'y' }])),
      code: 'INVALID_ARGUMENT',
      says: /pax/,
    },
    {
      name: 'broken-pax-number',
      blob: raw(tar([{ pax: { size: '-5' } }])),
      code: 'INVALID_ARGUMENT',
      says: /size/,
    },
    {
      name: 'broken-header',
      blob: raw(Buffer.concat([Buffer.alloc(512, 'x'), Buffer.alloc(1024)])),
      code: 'INVALID_ARGUMENT',
      says: /tar/,
    },
    {
      name: 'cut-archive',
      blob: raw(tar([{ path: 'a', size: 100_000, content: 'short' }])),
      code: 'INVALID_ARGUMENT',
      says: /unexpected end of the archive/,
    },
    {
      name: 'cut-gzip',
      blob: gzipped(noise, (bytes) => bytes.subarray(0, bytes.length / 2)),
      code: 'INVALID_ARGUMENT',
      says: /gzip: unexpected end of file/,
    },
    {
      name: 'damaged-gzip',
      blob: gzipped(noise, (bytes) => Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(8)])),
      code: 'INVALID_ARGUMENT',
      says: /gzip: /,
    },
    {
      name: 'garbage-after-the-archive',
      blob: { ...raw(Buffer.concat([noise, randomBytes(2000)])), diffId: digestOf(noise) },
      code: 'DATA_LOSS',
      says: /its image says/,
    },
    {
      name: 'not-compressed-as-allowed',
      blob: { bytes: Buffer.from('fd377a585a0000', 'hex'), diffId: digestOf('x') },
      code: 'INVALID_ARGUMENT',
      says: /compressed with xz; use gzip or zstd/,
    },
    {
      name: 'other-content',
      blob: { ...packed(noise), diffId: digestOf('other') },
      code: 'DATA_LOSS',
      says: /its image says/,
    },
  ])(
    'is refused: $name',
    async ({ name, blob, code, says, mediaType }) => {
      put(name, [layer({ path: 'fine', content: 'fine' }), blob], mediaType);

      const { code: got, details } = await failure(name);

      expect({ got, details }).toEqual({ got: code, details: expect.stringMatching(says) });
      expect(details).toContain(`layer "${digestOf(blob.bytes)}"`);
    },
    60_000,
  );

  it('has ten thousand layers', async () => {
    put('layers', Array<Blob>(10_000).fill(layer({ path: 'x' })));

    expect(await failure('layers')).toEqual({
      code: 'RESOURCE_EXHAUSTED',
      details: expect.stringMatching(/has 10000 layers, more than the 500 of images\.limits\.max_layers/),
    });
    expect(registry.seenAt('/layers/blobs/')).toEqual([]);
  });

  it('has a manifest that names itself', async () => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    const self = { mediaType: OCI_INDEX, digest, size: 300, platform: hostPlatform() };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [self] }));
    for (const tag of ['1', digest]) registry.put(`/v2/self/manifests/${tag}`, OCI_INDEX, bytes);

    expect(await failure('self')).toEqual({
      code: 'DATA_LOSS',
      details: expect.stringMatching(new RegExp(`sent a manifest .*instead of "${digest}"`)),
    });
  });

  it('has indexes within indexes', async () => {
    let inner = putManifest('nested', { mediaType: OCI_INDEX, manifests: [] });
    for (let depth = 0; depth < 8; depth += 1) {
      const child = { mediaType: OCI_INDEX, digest: inner, size: 300, platform: hostPlatform() };
      inner = putManifest('nested', {
        mediaType: OCI_INDEX,
        manifests: [child],
        annotations: { depth: String(depth) },
      });
    }

    expect(await failure('nested')).toEqual({
      code: 'FAILED_PRECONDITION',
      details: expect.stringMatching(/indexes nested deeper than 4/),
    });
  });

  it.each<{ name: string; spoil: (layer: Buffer) => Spoil; code: string; says: RegExp }>([
    {
      name: 'of wrong content',
      spoil: (bytes) => (_request, response) => void response.end(randomBytes(bytes.length)),
      code: 'DATA_LOSS',
      says: /wrong content/,
    },
    {
      name: 'that is too short',
      spoil: (bytes) => (_request, response) => void response.end(bytes.subarray(0, 1000)),
      code: 'DATA_LOSS',
      says: /has 1000 bytes, \d+ were promised/,
    },
    {
      name: 'without end',
      spoil: () => (_request, response) => {
        const more = () => {
          while (response.write(Buffer.alloc(100_000)));
        };
        response.on('drain', more);
        response.on('error', () => undefined);
        more();
      },
      code: 'DATA_LOSS',
      says: /is larger than the \d+ bytes promised/,
    },
    {
      name: 'behind a loop of redirects',
      spoil: () => (request, response) => void response.writeHead(307, { location: request.url }).end(),
      code: 'UNAVAILABLE',
      says: /^RegistryUnavailable: .*redirects/,
    },
    {
      name: 'behind a rate limit without end',
      spoil: () => (_request, response) => void response.writeHead(429).end(),
      code: 'UNAVAILABLE',
      says: /^RegistryUnavailable: .*rate/,
    },
  ])(
    'has a layer $name',
    async ({ name, spoil, code, says }) => {
      const repository = name.replaceAll(' ', '-');
      const blob = packed(noise);
      put(repository, [blob]);
      registry.spoil = (request, response, next) => {
        if ((request.url ?? '').includes(digestOf(blob.bytes))) spoil(blob.bytes)(request, response, next);
        else next();
      };

      const { code: got, details } = await failure(repository);

      expect({ got, details }).toEqual({ got: code, details: expect.stringMatching(says) });
      expect(details).toContain(digestOf(blob.bytes));
    },
    60_000,
  );

  it('has a registry that asks for patience, and gets it', async () => {
    const blob = packed(noise);
    put('patience', [blob]);
    let refusals = 0;
    registry.spoil = (request, response, next) => {
      if (!(request.url ?? '').includes('/blobs/') || refusals === 2) next();
      else {
        refusals += 1;
        response.writeHead(429, { 'retry-after': '1' }).end();
      }
    };

    await client.call('PullImage', { image: { image: 'fake.test/patience:1' } });

    expect(refusals).toBe(2);
    await client.call('RemoveImage', { image: { image: 'fake.test/patience:1' } });
  });

  it('has a manifest without end', async () => {
    registry.spoil = (request, response, next) => {
      if (!(request.url ?? '').includes('/manifests/') || !(request.url ?? '').includes('endless')) next();
      else {
        response.writeHead(200, { 'content-type': OCI_MANIFEST });
        const more = () => {
          while (response.write(Buffer.alloc(100_000, ' ')));
        };
        response.on('drain', more);
        response.on('error', () => undefined);
        more();
      }
    };

    expect(await failure('endless')).toEqual({
      code: 'DATA_LOSS',
      details: expect.stringMatching(/manifest of .* is larger than 4194304 bytes/),
    });
  });
});

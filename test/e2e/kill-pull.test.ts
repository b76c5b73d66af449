// A daemon that is killed at any instant of a pull: the next one goes on where it stopped, what comes out is the same
// to the byte, and nothing is left over. PULL_KILL_ROUNDS sets how many instants are tried.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/image/digest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/image/media-types.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { FakeRegistry, type Spoil } from '../fakes/fake-registry.ts';
import { tar } from '../support/tar-builder.ts';
import { TestDaemon } from './daemon.ts';

const ROUNDS = Number(process.env['PULL_KILL_ROUNDS'] ?? '5');
// Slow enough that a kill meets every stage: 5 layers of 600 kB in pieces of 16 kB.
const PIECE_BYTES = 16 * 1024;
const PIECE_MS = 10;
const LONGEST_MS = 900;
const image = { image: { image: 'fake.test/app:1' } };

const tars = Array.from({ length: 5 }, (_, index) =>
  tar([
    // Without an entry of its own the root is as old as the unpacking.
    { path: './', flag: '5', mode: 0o755 },
    { path: `layer${index}`, flag: '5', mode: 0o755 },
    ...Array.from({ length: 20 }, (_none, file) => ({
      path: `layer${index}/file${file}`,
      content: randomBytes(30_000),
      mode: 0o640,
    })),
  ]),
);
const blobs = tars.map((archive) => gzipSync(archive));
const totalBytes = blobs.reduce((sum, { length }) => sum + length, 0);

describe('a pull that is killed', () => {
  const daemon = new TestDaemon();
  const { client } = daemon;
  const registry = new FakeRegistry();
  let served = 0;

  beforeAll(async () => {
    await registry.listen();
    putImage(registry);
    registry.spoil = slowly((bytes) => (served += bytes));
    daemon.writeMirror('fake.test', `http://${registry.address}`);
    daemon.writeDropIn('[images]\nrange_size = "128KiB"\nmax_ranges = 2\n');
    await daemon.start();
  }, 60_000);

  afterAll(async () => {
    await daemon.destroy();
    await registry.close();
  });

  const images = join(daemon.root, 'image');

  /** Bytes of layers that a killed daemon has left on the disk. */
  function keptBytes(): number {
    const isLayer = new Map(blobs.map((blob) => [digestOf(blob).slice('sha256:'.length), true]));
    const sizes = (directory: string, hex: (name: string) => string) =>
      readdirSync(join(images, directory))
        .filter((name) => isLayer.has(hex(name)))
        .map((name) => statSync(join(images, directory, name)).size);
    const whole = sizes('content/blobs/sha256', (name) => name);
    const partial = sizes('ingest', (name) => name.replace('partial-sha256-', ''));
    return [...whole, ...partial].reduce((sum, size) => sum + size, 0);
  }

  async function leftovers(): Promise<readonly string[]> {
    for (let tries = 0; ; tries += 1) {
      const layers = readdirSync(join(images, 'layers')).filter((name) => name.startsWith('tmp-'));
      const left = [...readdirSync(join(images, 'ingest')), ...layers];
      if (left.length === 0 || tries === 100) return left;
      await sleep(50);
    }
  }

  it(
    `goes on after each of ${ROUNDS} kills, fetches nothing twice and comes out the same`,
    async () => {
      await client.call('PullImage', image);
      const wanted = treesOf(join(images, 'layers'));
      await client.call('RemoveImage', image);
      let resumed = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        expect(await leftovers()).toEqual([]);
        const pulling = client.call('PullImage', image).catch(() => undefined);
        await sleep(Math.random() * LONGEST_MS);
        await daemon.kill();
        await pulling;
        const kept = keptBytes();
        await daemon.start();
        served = 0;

        await client.call('PullImage', image, 60_000);

        // Bytes that were on their way when the daemon died are of no use to anybody.
        expect(served).toBeLessThanOrEqual(totalBytes - kept);
        if (kept > 0) resumed += 1;
        expect(treesOf(join(images, 'layers'))).toEqual(wanted);
        expect(await leftovers()).toEqual([]);
        await client.call('RemoveImage', image);
      }
      expect(resumed).toBeGreaterThan(0);
    },
    60_000 + ROUNDS * 60_000,
  );
});

function putImage(registry: FakeRegistry): void {
  const config = Buffer.from(
    JSON.stringify({ ...hostPlatform(), config: {}, rootfs: { type: 'layers', diff_ids: tars.map(digestOf) } }),
  );
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(OCI_CONFIG, config),
    layers: blobs.map((blob) => descriptor(OCI_LAYER, blob)),
  };
  registry.put('/v2/app/manifests/1', OCI_MANIFEST, Buffer.from(JSON.stringify(manifest)));
  for (const bytes of [config, ...blobs])
    registry.put(`/v2/app/blobs/${digestOf(bytes)}`, 'application/octet-stream', bytes);
}

/** Lets the layers trickle, and counts their bytes. */
function slowly(count: (bytes: number) => void): Spoil {
  const byPath = new Map(blobs.map((blob) => [`/v2/app/blobs/${digestOf(blob)}`, blob]));
  return (request, response, next) => {
    const blob = byPath.get(request.url?.replace(/\?.*/, '') ?? '');
    if (blob === undefined) {
      next();
      return;
    }
    const [, from = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const end = last === '' ? blob.length : Number(last) + 1;
    const isPart = request.headers.range !== undefined;
    const range = isPart ? { 'content-range': `bytes ${from}-${end - 1}/${blob.length}` } : {};
    response.writeHead(isPart ? 206 : 200, { 'content-length': end - Number(from), ...range });
    let at = Number(from);
    const timer = setInterval(() => {
      const piece = blob.subarray(at, Math.min(at + PIECE_BYTES, end));
      at += piece.length;
      count(piece.length);
      response.write(piece);
      if (at < end) return;
      clearInterval(timer);
      response.end();
    }, PIECE_MS);
    response.on('close', () => clearInterval(timer));
  };
}

/** A digest of every layer's tree: names, modes, times and contents. */
function treesOf(layers: string): Readonly<Record<string, string>> {
  const trees: Record<string, string> = {};
  for (const layer of readdirSync(layers)
    .filter((name) => !name.startsWith('tmp-'))
    .sort()) {
    const hash = createHash('sha256');
    const visit = (path: string): void => {
      const stat = lstatSync(path);
      hash.update(`${path.slice(layers.length)} ${stat.mode} ${stat.uid} ${stat.mtimeMs}\n`);
      if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
      else hash.update(readFileSync(path));
    };
    visit(join(layers, layer, 'fs'));
    trees[layer] = hash.digest('hex');
  }
  return trees;
}

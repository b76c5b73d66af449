import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../src/image/digest.ts';
import { OCI_MANIFEST } from '../../../src/image/media-types.ts';
import { ImageService, type ImageRecord } from '../../../src/image/service.ts';
import { LayerStore } from '../../../src/image/unpack/layer-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { pushBlob, send } from '../../support/cosign.ts';
import { DockerRegistry } from '../../support/docker-registry.ts';

const log = createLogger('fatal');
const TITLE = 'org.opencontainers.image.title';
const MODEL = 'application/vnd.example.model.v1';

let directory: string;
let registry: DockerRegistry;
beforeAll(async () => {
  directory = mkdtempSync('/var/tmp/crisol-registry-');
  registry = await DockerRegistry.start(directory);
}, 30_000);
afterAll(async () => {
  await registry.stop();
  rmSync(directory, { recursive: true, force: true });
});

let root: string;
let store: LayerStore;
let service: ImageService;
beforeEach(async () => {
  root = mkdtempSync('/var/tmp/crisol-images-');
  store = await LayerStore.open({ root: join(root, 'layers'), log });
  service = await ImageService.open({
    ...{ root, hostsDirs: [], maxConcurrentLayers: 3, pinned: [], layers: store, log, inUse: () => new Set<string>() },
  });
});
afterEach(async () => {
  await service.close();
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

/** Pushes an artifact of these files, by title; a title of undefined leaves the annotation out. */
async function push(name: string, files: readonly (readonly [string | undefined, string])[]): Promise<string> {
  const base = `http://${registry.address}/v2/${name}`;
  const layers = [];
  for (const [title, content] of files) {
    const blob = await pushBlob(base, Buffer.from(content), 'text/plain');
    layers.push({ ...blob, ...(title === undefined ? {} : { annotations: { [TITLE]: title } }) });
  }
  const config = await pushBlob(base, Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: MODEL, config, layers });
  await send(`${base}/manifests/1`, { method: 'PUT', headers: { 'content-type': OCI_MANIFEST }, body });
  return digestOf(body);
}

function pull(name: string): Promise<ImageRecord> {
  const signal = new AbortController().signal;
  return service.pull({ reference: `${registry.address}/${name}:1`, runtimeHandler: '', signal });
}

describe('ImageService.pull() of an artifact', () => {
  it('lays its files out by their titles, under the id of its manifest', async () => {
    const long = `${'d'.repeat(120)}/${'f'.repeat(200)}`;
    const digest = await push('model', [
      ['model.bin', 'weights'],
      ['doc/deep/readme.md', 'read me'],
      [long, 'long'],
      [undefined, 'nameless'],
    ]);

    const record = await pull('model');

    expect(record).toMatchObject({
      id: digest,
      manifestDigest: digest,
      artifactType: MODEL,
      layers: [expect.anything()],
    });
    const fs = store.directory(record.layers[0]!);
    const read = (path: string) => readFileSync(join(fs, path), 'utf8');
    expect([read('model.bin'), read('doc/deep/readme.md'), read(long)]).toEqual(['weights', 'read me', 'long']);
    expect(read(digestOf('nameless').slice(7))).toBe('nameless');
    expect(lstatSync(join(fs, 'model.bin')).mode).toBe(0o100644);
    expect(readdirSync(fs)).toHaveLength(4);
    // The blobs and the manifest; the archive they were packed in has gone.
    expect(readdirSync(join(root, 'content/blobs/sha256'))).toHaveLength(6);
    expect(await service.check(true)).toMatchObject({ findings: [] });
  });

  it('keeps two artifacts apart that share the empty config', async () => {
    await push('one', [['a', 'one']]);
    await push('two', [['a', 'two']]);

    const ids = [(await pull('one')).id, (await pull('two')).id];

    expect(new Set(ids).size).toBe(2);
    await service.remove(ids[0]!);
    await service.remove(ids[1]!);
    expect(service.fsInfo().usedBytes).toBe(0);
  });

  it.each([
    { name: 'climbing', titles: ['../escaped'], why: 'which is no plain relative path' },
    { name: 'climbing-inside', titles: ['a/../../b'], why: 'which is no plain relative path' },
    { name: 'absolute', titles: ['/etc/passwd'], why: 'which is absolute' },
    { name: 'dot', titles: ['.'], why: 'which is no plain relative path' },
    { name: 'empty', titles: [''], why: 'which is no plain relative path' },
    { name: 'trailing-slash', titles: ['a/'], why: 'which is no plain relative path' },
    { name: 'nul', titles: ['a\0b'], why: 'which holds a NUL' },
    { name: 'whiteout', titles: ['.wh.model'], why: 'which means a whiteout' },
    { name: 'too-long', titles: ['n'.repeat(256)], why: 'which is too long' },
    { name: 'twice', titles: ['same', 'same'], why: 'which another layer has too' },
    { name: 'inside-a-file', titles: ['a', 'a/b'], why: 'has a file "a" and one inside it' },
  ])('refuses titles: $name', async ({ name, titles, why }) => {
    await push(
      name,
      titles.map((title, at) => [title, `content ${at}`] as const),
    );

    await expect(pull(name)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(why),
    });

    expect(service.list()).toEqual([]);
    expect(service.fsInfo().usedBytes).toBe(0);
  });
});

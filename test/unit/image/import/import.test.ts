import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../../src/image/digest.ts';
import type { ImageRecord } from '../../../../src/image/service.ts';
import { descriptorOf, makeImage } from '../../../fakes/fake-image.ts';
import { tar, type TarPart } from '../../../support/tar-builder.ts';
import { makeFixture, type Fixture } from '../fixture.ts';

const image = makeImage();
const [bottom, top] = [image.layers[0]!, image.layers[1]!];

let fixture: Fixture;
beforeEach(async () => {
  fixture = await makeFixture();
});
afterEach(() => fixture.close());

async function importTar(archive: Buffer, names: readonly string[] = []): Promise<readonly ImageRecord[]> {
  const path = join(fixture.root, 'archive');
  await writeFile(path, archive);
  return fixture.service.importArchive(path, names);
}

const blob = (content: Buffer): TarPart => ({ path: `blobs/sha256/${digestOf(content).slice(7)}`, content });
const json = (path: string, value: unknown): TarPart => ({ path, content: JSON.stringify(value) });
const index = (annotations: object = {}) =>
  json('index.json', {
    schemaVersion: 2,
    manifests: [descriptorOf(image.manifest, 'application/vnd.oci.image.manifest.v1+json', { annotations })],
  });
const blobs = [blob(bottom), blob(top), blob(image.config), blob(image.manifest)];

describe('ImageService.importArchive()', () => {
  it('imports a bare OCI archive with plain layers under the given name', async () => {
    const records = await importTar(tar([...blobs, index()]), ['my/app']);

    expect(records).toEqual([
      expect.objectContaining({
        id: image.id,
        repoTags: ['docker.io/my/app:latest'],
        repoDigests: [`docker.io/my/app@${image.manifestDigest}`],
      }),
    ]);
    expect(fixture.service.find('my/app')).toEqual(records[0]);
    expect(fixture.layers.unpacked).toHaveLength(2);
  });

  it('lists an image without any name', async () => {
    const [record] = await importTar(tar([index(), ...blobs]));

    expect(record?.repoTags).toEqual([]);
    expect(fixture.service.find(image.id)).toEqual(record);
  });

  it.each([
    { name: 'io.containerd.image.name', value: 'docker.io/library/app:v1' },
    { name: 'org.opencontainers.image.ref.name', value: 'app:v1' },
  ])('takes the name from the annotation $name', async ({ name, value }) => {
    const [record] = await importTar(tar([index({ [name]: value }), ...blobs]));

    expect(record?.repoTags).toEqual(['docker.io/library/app:v1']);
  });

  it('imports a compressed docker archive, linked layers included', async () => {
    const manifest = [
      { Config: 'config.json', RepoTags: ['app:v1', 'app:v2'], Layers: ['a/layer.tar', 'b/layer.tar'] },
    ];
    const parts: TarPart[] = [
      { path: 'shared.tar', content: bottom },
      { path: 'a/layer.tar', flag: '2', linkPath: '../shared.tar' },
      { path: './b/layer.tar', content: top },
      { path: 'config.json', content: image.config },
      json('manifest.json', manifest),
    ];

    const [record] = await importTar(gzipSync(tar(parts)));

    expect(record?.id).toBe(image.id);
    expect(record?.repoTags).toEqual(['docker.io/library/app:v1', 'docker.io/library/app:v2']);
  });

  it('takes whole names from manifest.json when docker writes both', async () => {
    const config = `blobs/sha256/${image.id.slice(7)}`;
    const both = [index({ 'org.opencontainers.image.ref.name': 'v1' }), ...blobs];
    const manifest = json('manifest.json', [{ Config: config, RepoTags: ['app:v1'], Layers: [] }]);

    const [record] = await importTar(tar([...both, manifest]));

    expect(record?.repoTags).toEqual(['docker.io/library/app:v1']);
  });

  const lying = { path: `blobs/sha256/${digestOf(top).slice(7)}`, content: 'other' };
  it.each([
    { name: 'no tar', archive: Buffer.alloc(2000, 'x'), code: 'invalid-argument', message: /cannot be read/ },
    { name: 'another archive', archive: tar([{ path: 'x' }]), code: 'invalid-argument', message: /neither an OCI/ },
    {
      name: 'a missing layer',
      archive: tar([index(), blob(bottom), blob(image.config), blob(image.manifest)]),
      code: 'invalid-argument',
      message: /is incomplete: blob "sha256:/,
    },
    {
      name: 'a layer with another content',
      archive: tar([index(), blob(bottom), lying, blob(image.config), blob(image.manifest)]),
      code: 'data-loss',
      message: /really has digest/,
    },
    {
      name: 'an archive that ends early',
      archive: tar([index(), ...blobs]).subarray(0, 100_000),
      code: 'invalid-argument',
      message: /cannot be read/,
    },
    {
      name: 'damaged compression',
      archive: gzipSync(tar([index(), ...blobs])).subarray(0, 50_000),
      code: 'invalid-argument',
      message: /cannot be read/,
    },
    {
      name: 'a docker archive without its config',
      archive: tar([json('manifest.json', [{ Config: 'gone.json', Layers: [] }])]),
      code: 'invalid-argument',
      message: /lacks the file "gone.json"/,
    },
  ])('refuses $name and shows no image', async ({ archive, code, message }) => {
    await expect(importTar(archive)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(fixture.service.list()).toEqual([]);
    expect(fixture.service.fsInfo().usedBytes).toBe(0);
  });

  it('refuses a path that is not there', async () => {
    const importing = fixture.service.importArchive(join(fixture.root, 'gone'), []);

    await expect(importing).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

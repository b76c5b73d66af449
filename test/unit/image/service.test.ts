import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { makeImage, serve, type FakeImage } from '../../fakes/fake-image.ts';
import { makeFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
let image: FakeImage;
beforeEach(async () => {
  fixture = await makeFixture();
  image = makeImage();
  serve(fixture.registry, image, 'app', 'v1');
});
afterEach(() => fixture.close());

const blobsLeft = () => readdir(join(fixture.root, 'store/content/blobs/sha256'));

describe('ImageService.find()', () => {
  it.each([
    { name: 'the id', reference: () => image.id },
    { name: 'the id without its algorithm', reference: () => image.id.slice(7) },
    { name: 'a prefix of the id', reference: () => image.id.slice(7, 20) },
    { name: 'the tag', reference: () => `${fixture.registry.address}/app:v1` },
    { name: 'the digest', reference: () => `${fixture.registry.address}/app@${image.manifestDigest}` },
    { name: 'the digest beside a tag', reference: () => `${fixture.registry.address}/app:v7@${image.manifestDigest}` },
  ])('finds an image by $name', async ({ reference }) => {
    const record = await fixture.pull('app:v1');

    expect(fixture.service.find(reference())).toEqual(record);
  });

  it.each(['', 'sha256:', 'nothing', 'not/a valid:reference', 'sha256:zz'])(
    'finds nothing by %j',
    async (reference) => {
      await fixture.pull('app:v1');

      expect(fixture.service.find(reference)).toBeUndefined();
    },
  );

  it('keeps the images of two handlers apart', async () => {
    const plain = await fixture.pull('app:v1');
    const sandboxed = await fixture.pull('app:v1', { runtimeHandler: 'runsc' });

    expect(fixture.service.list()).toEqual([plain, sandboxed]);
    expect(fixture.service.find(image.id)).toEqual(plain);
    expect(sandboxed.repoTags).toEqual(plain.repoTags);
  });
});

describe('ImageService.remove()', () => {
  it('removes every name and all content, and may be repeated', async () => {
    serve(fixture.registry, image, 'app', 'v2');
    await fixture.pull('app:v1');
    await fixture.pull('app:v2');

    await Promise.all([fixture.service.remove(image.id), fixture.service.remove(image.id)]);
    await fixture.service.remove(image.id);

    expect(fixture.service.list()).toEqual([]);
    expect(await blobsLeft()).toEqual([]);
    expect(fixture.layers.list()).toEqual([]);
    expect(fixture.service.fsInfo()).toMatchObject({ usedBytes: 0, inodesUsed: 0 });
  });

  it('removes layers before their blobs, so that a crash leaves no layer whose blob nobody fetches', async () => {
    await fixture.pull('app:v1');
    const left: (readonly string[])[] = [];
    const remove = fixture.layers.remove.bind(fixture.layers);
    fixture.layers.remove = async (chainId) => {
      left.push(await blobsLeft());
      await remove(chainId);
    };

    await fixture.service.remove(image.id);

    expect(left.map((blobs) => blobs.length)).toEqual([4, 4]);
  });

  it('keeps what another image shares', async () => {
    const other = makeImage({ layers: [image.layers[0]!], label: 'other' });
    serve(fixture.registry, other, 'other', 'v1');
    await fixture.pull('app:v1');
    const kept = await fixture.pull('other:v1');

    await fixture.service.remove(image.id);

    expect(fixture.layers.list()).toEqual(kept.layers);
    expect(await blobsLeft()).toHaveLength(3);
  });

  it('keeps the layers of an image that a container uses until it is gone', async () => {
    await fixture.pull('app:v1');
    fixture.inUse.add(image.id);

    await fixture.service.remove(image.id);
    expect(fixture.service.list()).toEqual([]);
    await fixture.reopen();
    await fixture.service.collectGarbage();
    expect(fixture.layers.list()).toHaveLength(2);

    fixture.inUse.clear();
    await fixture.service.collectGarbage();
    expect(fixture.layers.list()).toEqual([]);
    expect(await blobsLeft()).toEqual([]);
  });

  it('leaves alone what a pull in flight needs', async () => {
    const other = makeImage({ layers: image.layers, label: 'other' });
    serve(fixture.registry, other, 'other', 'v1');
    await fixture.pull('app:v1');
    fixture.registry.spoil = (request, _response, next) =>
      void setTimeout(next, request.url?.includes('blobs') ? 150 : 0);

    const pulling = fixture.pull('other:v1');
    await new Promise((resolve) => setTimeout(resolve, 80));
    await fixture.service.remove(image.id);

    const record = await pulling;
    expect(record.layers.every((chainId) => fixture.layers.has(chainId))).toBe(true);
  });
});

describe('ImageService.check()', () => {
  it('misses no blob that an image never had: its layer was here before', async () => {
    await fixture.pull('app:v1');
    await fixture.service.close();
    for (const layer of image.layers)
      await rm(join(fixture.root, 'store/content/blobs/sha256', digestOf(layer).slice('sha256:'.length)));
    await fixture.reopen();
    const again = makeImage({ layers: image.layers, label: 'again' });
    serve(fixture.registry, again, 'again', 'v1');
    await fixture.pull('again:v1');
    await fixture.service.remove(image.id);

    expect(await fixture.service.check(false)).toMatchObject({ blobs: 2, layers: 2, findings: [] });
  });
});

describe('ImageService.open()', () => {
  it('knows the images of before, and which are pinned now', async () => {
    const record = await fixture.pull('app:v1');

    await fixture.reopen({ pinned: ['*/app:*'] });

    expect(fixture.service.list()).toEqual([{ ...record, pinned: true }]);
  });

  it('sets records aside that it cannot understand', async () => {
    await fixture.pull('app:v1');
    const images = join(fixture.root, 'store/images');
    await writeFile(join(images, `${'0'.repeat(64)}.json`), '{"version": 1');
    await writeFile(join(images, `${'1'.repeat(64)}.json`), '{"version": 99}');

    await fixture.reopen();

    expect(fixture.service.list()).toHaveLength(1);
    expect(await readdir(join(fixture.root, 'store/quarantine'))).toHaveLength(2);
    expect(await readdir(images)).toHaveLength(1);
  });

  it('forgets a record of which a power cut left no content', async () => {
    await fixture.pull('app:v1');
    const images = join(fixture.root, 'store/images');
    const [name = ''] = await readdir(images);
    await writeFile(join(images, name), Buffer.alloc(100));

    await fixture.reopen();

    expect(fixture.service.list()).toEqual([]);
    expect(await readdir(images)).toEqual([]);
    expect((await fixture.pull('app:v1')).id).toBe(image.id);
  });

  it('shows no image whose layers a power cut took, until it is pulled again', async () => {
    const record = await fixture.pull('app:v1');
    await fixture.layers.remove(record.layers[1]!);

    await fixture.reopen();

    expect(fixture.service.list()).toEqual([]);
    const again = await fixture.pull('app:v1');
    expect(again).toEqual({ ...record, pulledAt: again.pulledAt });
    expect(fixture.service.list()).toEqual([again]);
  });

  it('gives a tag that two records have to the newer one', async () => {
    await fixture.pull('app:v1');
    const images = join(fixture.root, 'store/images');
    const [name = ''] = await readdir(images);
    const old = await readFile(join(images, name), 'utf8');
    const newer = makeImage({ label: 'newer' });
    serve(fixture.registry, newer, 'app', 'v1');
    await fixture.pull('app:v1');
    await writeFile(join(images, name), old);

    await fixture.reopen();

    expect(fixture.service.find(`${fixture.registry.address}/app:v1`)?.id).toBe(newer.id);
    expect(fixture.service.find(image.id)?.repoTags).toEqual([]);
  });

  it('sweeps half-made blobs', async () => {
    const ingest = join(fixture.root, 'store/ingest');
    await mkdir(ingest, { recursive: true });
    await writeFile(join(ingest, 'blob-1'), 'half');

    await fixture.reopen();

    expect(await readdir(ingest)).toEqual([]);
    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  ImageService,
  type ExportFormat,
  type ImageRecord,
  type ImageServiceOptions,
} from '../../../src/image/service.ts';
import { LayerStore } from '../../../src/image/unpack/layer-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { DockerRegistry } from '../../support/docker-registry.ts';
import { writeLayout } from '../../support/oci-layout.ts';
import { tar } from '../../support/tar-builder.ts';

const log = createLogger('fatal');
const layers = [
  tar([
    { path: 'etc', flag: '5', mode: 0o755 },
    { path: 'etc/hello', content: 'bottom' },
    { path: 'etc/caps', content: 'c', pax: { 'SCHILY.xattr.user.note': 'kept' } },
  ]),
  tar([{ path: 'etc/hello', content: 'top' }, { path: 'etc/.wh.caps' }, { path: 'n', flag: '3', device: [1, 3] }]),
];

let directory: string;
let registry: DockerRegistry;
beforeAll(async () => {
  directory = mkdtempSync('/var/tmp/crisol-registry-');
  registry = await DockerRegistry.start(directory);
  writeLayout(join(directory, 'layout'), layers);
  await registry.push(join(directory, 'layout'), 'app:1');
}, 30_000);
afterAll(async () => {
  await registry.stop();
  rmSync(directory, { recursive: true, force: true });
});

let roots: string[];
let closers: (() => Promise<void>)[];
let root: string;
let store: LayerStore;
let service: ImageService;
beforeEach(async () => {
  roots = [];
  closers = [];
  await open();
});
afterEach(async () => {
  for (const close of closers) await close();
  for (const path of roots) rmSync(path, { recursive: true, force: true });
});

/** A service on a directory of its own. */
async function open(options: Partial<ImageServiceOptions> = {}): Promise<void> {
  root = mkdtempSync('/var/tmp/crisol-images-');
  roots.push(root);
  store = await LayerStore.open({ root: join(root, 'layers'), log });
  service = await ImageService.open({
    ...{ root, hostsDirs: [], maxConcurrentLayers: 3, pinned: [], layers: store, log, inUse: () => new Set<string>() },
    ...options,
  });
  const [opened, layerStore] = [service, store];
  closers.push(async () => {
    await opened.close();
    await layerStore.close();
  });
}

function pull(name = 'app:1'): Promise<ImageRecord> {
  const signal = new AbortController().signal;
  return service.pull({ reference: `${registry.address}/${name}`, runtimeHandler: '', signal });
}

function skopeo(...args: string[]): string {
  return execFileSync('skopeo', ['--insecure-policy', ...args], { encoding: 'utf8' });
}

const fileOf = (image: ImageRecord, at: number, path: string) => join(store.directory(image.layers[at]!), path);
const quarantine = () => (existsSync(join(root, 'quarantine')) ? readdirSync(join(root, 'quarantine')) : []);

describe('ImageService.export()', () => {
  it.each<{ format: ExportFormat; transport: (path: string) => string }>([
    { format: 'oci', transport: (path) => `oci:${path}` },
    { format: 'oci-archive', transport: (path) => `oci-archive:${path}` },
    { format: 'docker-archive', transport: (path) => `docker-archive:${path}` },
  ])('writes $format that skopeo reads, and that comes back the same', async ({ format, transport }) => {
    const image = await pull();
    const path = join(root, 'out');

    await service.export([image.repoTags[0]!], path, format);

    // skopeo copies every byte and checks it against its digest on the way.
    const copy = mkdtempSync(join(root, 'copy-'));
    skopeo('copy', '--quiet', transport(path), `oci:${copy}:x`);
    expect(JSON.parse(skopeo('inspect', '--config', `oci:${copy}:x`))).toEqual(image.config.raw);
    await open();
    const [back] = await service.importArchive(path, []);
    expect(back).toMatchObject({ id: image.id, repoTags: image.repoTags, layers: image.layers });
    if (format !== 'docker-archive') expect(back?.manifestDigest).toBe(image.manifestDigest);
    expect(readFileSync(fileOf(back!, 1, 'etc/hello'), 'utf8')).toBe('top');
  });

  it.each(['oci', 'oci-archive', 'docker-archive'])('imports what skopeo writes as %s', async (transport) => {
    const image = await pull();
    const path = join(root, 'theirs');
    const name = transport === 'oci' ? '' : ':example.test/team/app:2';
    const source = `docker://${registry.address}/app:1`;
    skopeo('copy', '--quiet', '--src-tls-verify=false', source, `${transport}:${path}${name}`);
    await open();

    const [back] = await service.importArchive(path, ['example.test/team/app:2']);

    expect(back).toMatchObject({ id: image.id, layers: image.layers, repoTags: ['example.test/team/app:2'] });
  });

  it('puts several images into one archive', async () => {
    const first = await pull();
    const other = writeLayout(join(root, 'other'), [layers[0]!], 'example.test/other:1');
    await service.importArchive(join(root, 'other'), []);
    await service.export([first.id, 'example.test/other:1'], join(root, 'both.tar'), 'oci-archive');
    await open();

    const images = await service.importArchive(join(roots[0]!, 'both.tar'), []);

    expect(images.map(({ id }) => id)).toEqual([first.id, other.id]);
  });

  it('says which image is not here, refuses to overwrite, and leaves nothing half written', async () => {
    const { id } = await pull();
    writeFileSync(join(root, 'there'), 'mine');

    await expect(service.export(['none:1'], join(root, 'new'), 'oci')).rejects.toThrow('image "none:1" not found');
    await expect(service.export([id], join(root, 'there'), 'oci')).rejects.toMatchObject({ code: 'already-exists' });
    await expect(service.export([id], join(root, 'no/dir'), 'oci')).rejects.toThrow('there is no directory');
    expect(readFileSync(join(root, 'there'), 'utf8')).toBe('mine');
    expect(readdirSync(root).filter((name) => /^(new|there\.|no)/.test(name))).toEqual([]);
  });
});

describe('ImageService with discardBlobs', () => {
  beforeEach(() => open({ discardBlobs: true }));

  it('keeps layers and config, drops the blobs, and says so when one is wanted', async () => {
    const image = await pull();

    expect(readdirSync(join(root, 'content/blobs/sha256'))).toHaveLength(2);
    expect(readFileSync(fileOf(image, 1, 'etc/hello'), 'utf8')).toBe('top');
    await expect(service.export([image.id], join(root, 'out'), 'oci')).rejects.toThrow(
      /blob "sha256:.*" is not here; blobs are dropped after unpacking \(images\.discard_blobs\)/,
    );
    expect(await service.check(true)).toMatchObject({ blobs: 2, layers: 2, findings: [] });
    expect((await pull()).id).toBe(image.id);
  });

  it('fetches a damaged layer again', async () => {
    const image = await pull();
    await service.check(true);
    writeFileSync(fileOf(image, 0, 'etc/hello'), 'BOTTOM');

    const { findings } = await service.check(true);

    expect(findings).toMatchObject([{ kind: 'layer', outcome: 'set aside and got anew' }]);
    expect(readFileSync(fileOf(image, 0, 'etc/hello'), 'utf8')).toBe('bottom');
    expect(readdirSync(join(root, 'content/blobs/sha256'))).toHaveLength(2);
  });
});

describe('ImageService.check()', () => {
  let image: ImageRecord;
  beforeEach(async () => {
    image = await pull();
    // The digest of a layer's tree is taken a little later; a check takes it at once.
    await service.check(false);
  });

  it('finds nothing wrong with what was pulled', async () => {
    expect(await service.check(true)).toEqual({ blobs: 4, layers: 2, unproven: 0, findings: [] });
    expect(quarantine()).toEqual([]);
  });

  it.each<{ what: string; damage: () => void }>([
    { what: 'other content of the same size', damage: () => writeFileSync(fileOf(image, 0, 'etc/hello'), 'BOTTOM') },
    { what: 'other permissions', damage: () => chmodSync(fileOf(image, 0, 'etc/hello'), 0o4755) },
    { what: 'a file that is gone', damage: () => unlinkSync(fileOf(image, 0, 'etc/caps')) },
    { what: 'a file too many', damage: () => writeFileSync(fileOf(image, 0, 'etc/new'), '') },
    { what: 'no directory at all', damage: () => rmSync(fileOf(image, 0, ''), { recursive: true }) },
  ])('finds a layer with $what, and unpacks it again', async ({ damage }) => {
    damage();

    expect(await service.check(false)).toMatchObject({
      findings: [{ kind: 'layer', digest: image.layers[0], outcome: 'nothing done' }],
    });
    expect(quarantine()).toEqual([]);
    const { findings } = await service.check(true);

    expect(findings).toMatchObject([{ kind: 'layer', digest: image.layers[0], outcome: 'set aside and got anew' }]);
    expect(readFileSync(fileOf(image, 0, 'etc/hello'), 'utf8')).toBe('bottom');
    expect(quarantine()).toEqual([expect.stringMatching(/^layer-/)]);
    await service.check(true);
    expect(await service.check(true)).toMatchObject({ unproven: 0, findings: [] });
  });

  it.each(['the config', 'the manifest', 'a layer'])(
    'finds a damaged blob of %s, and fetches it again',
    async (what) => {
      const { layers: blobs } = JSON.parse(readFileSync(blobPath(image.manifestDigest), 'utf8')) as {
        layers: { digest: string }[];
      };
      const digest = { 'the config': image.id, 'the manifest': image.manifestDigest }[what] ?? blobs[1]!.digest;
      const bytes = readFileSync(blobPath(digest));
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(blobPath(digest), bytes);

      const { findings } = await service.check(true);

      expect(findings).toMatchObject([{ kind: 'blob', digest, outcome: 'set aside and got anew' }]);
      expect(quarantine()).toEqual([expect.stringMatching(/^blob-/)]);
      expect(await service.check(true)).toMatchObject({ blobs: 4, findings: [] });
      expect(service.find(image.repoTags[0]!)).toMatchObject({ id: image.id, repoTags: image.repoTags });
    },
  );

  it('takes an image out of the list when a layer of it cannot be had again', async () => {
    writeLayout(join(root, 'other'), [layers[0]!], 'example.test/other:1');
    await service.importArchive(join(root, 'other'), []);
    await service.remove(image.id);
    const lost = service.find('example.test/other:1')!;
    await service.check(true);
    for (const name of readdirSync(join(root, 'content/blobs/sha256')))
      rmSync(join(root, 'content/blobs/sha256', name));
    rmSync(fileOf(lost, 0, 'etc/hello'));

    const { findings } = await service.check(true);

    expect(findings).toContainEqual({
      kind: 'image',
      digest: lost.id,
      problem: '"example.test/other:1" lacks a layer',
      outcome: 'taken out of the list of images: pull or import it again',
    });
    expect(service.list()).toEqual([]);
    await expect(service.importArchive(join(root, 'other'), [])).resolves.toMatchObject([{ id: lost.id }]);
  });

  function blobPath(digest: string): string {
    return join(root, 'content/blobs/sha256', digest.slice(7));
  }
});

describe('ImageService.usage()', () => {
  it('tells what images share, and what their removal gives back', async () => {
    const image = await pull();
    writeLayout(join(root, 'other'), [layers[0]!], 'example.test/other:1');
    await service.importArchive(join(root, 'other'), []);

    const usage = await service.usage();

    expect(usage.layers.count).toBe(2);
    expect(usage.shared.count).toBe(1);
    expect(usage.shared.bytes).toBe(store.usage(image.layers[0]!).bytes);
    expect(usage.reclaimable.bytes).toBe(usage.blobs.bytes + usage.layers.bytes);
    expect(usage.images.map(({ sharedBytes }) => sharedBytes)).toEqual([usage.shared.bytes, usage.shared.bytes]);
    expect(service.fsInfo().usedBytes).toBe(usage.blobs.bytes + usage.layers.bytes);
  });
});

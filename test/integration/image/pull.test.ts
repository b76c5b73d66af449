import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ImageService, type ImageRecord } from '../../../src/image/service.ts';
import { LayerStore } from '../../../src/image/unpack/layer-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { DockerRegistry } from '../../support/docker-registry.ts';
import { writeLayout, type LayoutImage } from '../../support/oci-layout.ts';
import { tar } from '../../support/tar-builder.ts';

const log = createLogger('fatal');
const layers = [
  tar([
    { path: 'etc', flag: '5', mode: 0o755 },
    { path: 'etc/hello', content: 'bottom' },
  ]),
  tar([{ path: 'etc/hello', content: 'top' }]),
  tar([{ path: 'big', content: randomBytes(5_000_000) }]),
];

let directory: string;
let registry: DockerRegistry;
let layout: LayoutImage;
beforeAll(async () => {
  directory = mkdtempSync('/var/tmp/crisol-registry-');
  registry = await DockerRegistry.start(directory);
  layout = writeLayout(join(directory, 'layout'), layers, 'example.com/app:v1');
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
  service = await openService();
});
afterEach(async () => {
  await service.close();
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

async function openService(): Promise<ImageService> {
  return ImageService.open({
    ...{ root, hostsDirs: [], maxConcurrentLayers: 3, pinned: [], layers: store, log, inUse: () => new Set<string>() },
  });
}

async function pull(name: string): Promise<ImageRecord> {
  const signal = new AbortController().signal;
  return service.pull({ reference: `${registry.address}/${name}`, runtimeHandler: '', signal });
}

function expectUnpacked(record: ImageRecord): void {
  const [bottom, top, big] = record.layers.map((chainId) => store.directory(chainId));
  expect(readFileSync(join(bottom!, 'etc/hello'), 'utf8')).toBe('bottom');
  expect(readFileSync(join(top!, 'etc/hello'), 'utf8')).toBe('top');
  expect(readFileSync(join(big!, 'big'))).toHaveLength(5_000_000);
}

describe('ImageService with a real registry', () => {
  it.each([
    { name: 'OCI with gzip layers', options: ['--dest-compress', '--dest-compress-format=gzip'] },
    { name: 'OCI with zstd layers', options: ['--dest-compress', '--dest-compress-format=zstd'] },
    { name: 'Docker schema 2', options: ['--format=v2s2'] },
  ])(
    'pulls $name',
    async ({ name, options }) => {
      const tag = `app:${name.replaceAll(/\W/g, '-')}`;
      await registry.push(join(directory, 'layout'), tag, options);

      const record = await pull(tag);

      expect(record.layers).toHaveLength(3);
      expectUnpacked(record);
    },
    30_000,
  );

  it('keeps its content as a layout that other tools can read', async () => {
    await registry.push(join(directory, 'layout'), 'app:layout');
    const record = await pull('app:layout');

    const raw = execFileSync('skopeo', ['inspect', '--raw', `oci:${join(root, 'content')}:${record.repoTags[0]!}`]);

    expect(JSON.parse(raw.toString())).toMatchObject({ config: { digest: record.id } });
  }, 30_000);

  it('knows its images after a restart and removes them without a trace', async () => {
    await registry.push(join(directory, 'layout'), 'app:restart');
    const record = await pull('app:restart');
    await service.close();
    service = await openService();
    expect(service.list()).toEqual([record]);

    await service.remove(record.id);

    expect(service.list()).toEqual([]);
    expect(readdirSync(join(root, 'content/blobs/sha256'))).toEqual([]);
    expect(store.list()).toEqual([]);
    expect(existsSync(store.directory(record.layers[0]!))).toBe(false);
  }, 30_000);

  it.each([
    { name: 'an OCI archive', target: (path: string) => `oci-archive:${path}:example.com/app:v1` },
    { name: 'a docker archive', target: (path: string) => `docker-archive:${path}:example.com/app:v1` },
  ])(
    'imports $name as skopeo writes it',
    async ({ target }) => {
      const path = join(root, 'image.tar');
      execFileSync('skopeo', [
        '--insecure-policy',
        'copy',
        '--quiet',
        `oci:${join(directory, 'layout')}`,
        target(path),
      ]);

      const [record] = await service.importArchive(path, ['second.example/name:x']);

      expect(record?.repoTags).toEqual(['example.com/app:v1', 'second.example/name:x']);
      expectUnpacked(record!);
    },
    30_000,
  );

  it('imports a layout directory and a compressed archive of one', async () => {
    const path = join(root, 'layout.tar.gz');
    execFileSync('tar', ['-czf', path, '-C', join(directory, 'layout'), '.']);

    const [fromDirectory] = await service.importArchive(join(directory, 'layout'), []);
    const [fromArchive] = await service.importArchive(path, []);

    expect(fromDirectory?.id).toBe(layout.id);
    expect(fromArchive?.id).toBe(layout.id);
    expectUnpacked(fromArchive!);
  }, 30_000);
});

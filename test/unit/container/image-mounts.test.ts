import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findImageVolumes, mountImage } from '../../../src/container/image-mounts.ts';
import type { ImageRecord } from '../../../src/image/service.ts';
import { container, mount } from '../oci/configs.ts';

function imageMount(image: string, imageSubPath = '') {
  const spec = { image, annotations: {}, userSpecifiedImage: '', runtimeHandler: '', imageRef: '' };
  return mount({ hostPath: '', readonly: true, image: spec, imageSubPath });
}

function imageRecord(id: string, repoDigests: string[]): ImageRecord {
  return {
    ...{ id, repoDigests, repoTags: [], layers: ['sha256:chain'], sizeBytes: 1, manifestDigest: '' },
    ...{ runtimeHandler: '', pinned: false, annotations: {}, pulledAt: '0', verifications: [], artifactType: '' },
    config: {
      user: '',
      env: [],
      entrypoint: [],
      cmd: [],
      workingDir: '',
      volumes: [],
      stopSignal: '',
      labels: {},
      raw: {},
    },
  };
}

const images = new Map([
  ['data:1', imageRecord('sha256:aa', ['docker.io/library/data@sha256:dd'])],
  ['loaded:1', imageRecord('sha256:bb', [])],
]);
const store = { find: (reference: string) => images.get(reference), requireTrusted: () => undefined };

describe('findImageVolumes()', () => {
  it('names each image once, and refers to it as PullImage does', () => {
    const mounts = [imageMount('data:1'), mount(), imageMount('loaded:1'), imageMount('data:1', 'etc')];

    expect(findImageVolumes(store, container({ mounts }))).toEqual([
      { reference: 'data:1', imageId: 'sha256:aa', imageRef: 'sha256:aa', layers: ['sha256:chain'] },
      { reference: 'loaded:1', imageId: 'sha256:bb', imageRef: 'sha256:bb', layers: ['sha256:chain'] },
    ]);
  });

  it('begins its complaint with the word the kubelet looks for', () => {
    expect(() => findImageVolumes(store, container({ mounts: [imageMount('none:1')] }))).toThrow(
      expect.objectContaining({
        code: 'not-found',
        message: 'ImageVolumeMountFailed: mount "/data": image "none:1" is not on this node: pull it first',
      }),
    );
  });
});

describe('mountImage()', () => {
  let root: string;
  const volume = { reference: 'data:1', imageId: 'sha256:aa', imageRef: 'sha256:aa', layers: [] };
  const record = { id: 'c1', imageVolumes: [volume] };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'crisol-volume-'));
    mkdirSync(join(root, 'etc/conf.d'), { recursive: true });
    mkdirSync(join(root, 'deep/link'), { recursive: true });
    writeFileSync(join(root, 'etc/file'), '');
    symlinkSync('/etc/conf.d', join(root, 'absolute'));
    symlinkSync('../../../../../etc', join(root, 'deep/link/up'));
    symlinkSync('loop', join(root, 'loop'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const deps = { imageVolumes: { mount: () => Promise.resolve(root), release: () => Promise.resolve() } };

  it.each([
    { subPath: '', found: '' },
    { subPath: 'etc/conf.d', found: 'etc/conf.d' },
    { subPath: '/etc/', found: 'etc' },
    { subPath: 'absolute', found: 'etc/conf.d' },
    { subPath: 'deep/link/up/conf.d', found: 'etc/conf.d' },
    { subPath: '../../etc', found: 'etc' },
  ])('finds sub path "$subPath" beneath the root', async ({ subPath, found }) => {
    expect(await mountImage(deps, record, imageMount('data:1', subPath))).toBe(join(root, found));
  });

  it.each(['missing', 'etc/file', 'etc/file/below', 'etc/conf.d/shadow', 'loop'])(
    'refuses sub path "%s"',
    async (subPath) => {
      await expect(mountImage(deps, record, imageMount('data:1', subPath))).rejects.toMatchObject({
        code: 'failed-precondition',
        message: expect.stringMatching(/^ImageVolumeMountFailed: mount "\/data": /),
      });
    },
  );

  it('tells why the kernel did not mount', async () => {
    const failing = { imageVolumes: { ...deps.imageVolumes, mount: () => Promise.reject(new Error('mount: EPERM')) } };

    await expect(mountImage(failing, record, imageMount('data:1'))).rejects.toThrow(
      'ImageVolumeMountFailed: mount "/data": cannot mount image "data:1": mount: EPERM',
    );
  });
});

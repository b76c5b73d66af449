import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { listMounts } from '../../../src/host/mounts.ts';
import { ImageVolumes } from '../../../src/image/snapshot/image-volumes.ts';
import { RootfsStore } from '../../../src/image/snapshot/rootfs-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';

let base: string;
let rootfs: RootfsStore;
let volumes: ImageVolumes;

beforeEach(async () => {
  base = mkdtempSync('/var/tmp/crisol-volumes-');
  const layers = { directory: (chainId: string) => `${base}/layers/${chainId}` };
  for (const name of ['one', 'two']) {
    mkdirSync(`${base}/layers/${name}`, { recursive: true });
    writeFileSync(`${base}/layers/${name}/file`, name);
  }
  rootfs = await RootfsStore.open({ root: base, run: `${base}/run`, layers, log: createLogger('fatal') });
  volumes = new ImageVolumes({ run: `${base}/run`, rootfs });
});

afterEach(async () => {
  for (const id of await volumes.list()) await volumes.release(id);
  await rootfs.close();
  rmSync(base, { recursive: true, force: true });
});

function mounted(): string[] {
  return listMounts()
    .map(({ target }) => target)
    .filter((target) => target.startsWith(base));
}

describe('ImageVolumes', () => {
  it('mounts an image read-only, once per container', async () => {
    const image = { id: 'sha256:aa', layers: ['one', 'two'] };

    const path = await volumes.mount('c1', image);

    expect(await volumes.mount('c1', image)).toBe(path);
    expect(await volumes.mount('c2', image)).not.toBe(path);
    expect(mounted()).toHaveLength(2);
    expect(readFileSync(`${path}/file`, 'utf8')).toBe('two');
    expect(() => writeFileSync(`${path}/new`, '')).toThrow(expect.objectContaining({ code: 'EROFS' }));
    expect(rootfs.list()).toEqual([]);
  });

  it('takes away what another daemon left, even busy, and may do so twice', async () => {
    const path = await volumes.mount('c1', { id: 'sha256:aa', layers: ['one'] });
    await volumes.mount('c1', { id: 'sha256:bb', layers: ['two'] });
    await volumes.mount('c2', { id: 'sha256:bb', layers: ['two'] });
    const next = new ImageVolumes({ run: `${base}/run`, rootfs });
    expect([...(await next.list())].sort()).toEqual(['c1', 'c2']);
    const fd = openSync(`${path}/file`, 'r');

    try {
      await next.release('c1');
      await next.release('c1');
    } finally {
      closeSync(fd);
    }

    expect(await next.list()).toEqual(['c2']);
    expect(mounted()).toHaveLength(1);
    expect(existsSync(`${base}/layers/one/file`)).toBe(true);
  });

  it('has nothing to list or release before the first mount', async () => {
    expect(await volumes.list()).toEqual([]);
    await volumes.release('c1');
  });
});

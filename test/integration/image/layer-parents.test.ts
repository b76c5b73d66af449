import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { getXattr } from '../../../src/host/kernel.ts';
import { listMounts } from '../../../src/host/mounts.ts';
import { RootfsStore } from '../../../src/image/snapshot/rootfs-store.ts';
import { LayerStore } from '../../../src/image/unpack/layer-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { layerBlob, sha256 } from '../../support/layer-blob.ts';
import { tar, type TarPart } from '../../support/tar-builder.ts';

const log = createLogger('fatal');
const chain = (name: string) => sha256(`chain ${name}`);
let root: string;
let layers: LayerStore;
let rootfs: RootfsStore;

beforeEach(async () => {
  root = mkdtempSync('/var/tmp/crisol-parents-');
  layers = await LayerStore.open({ root: `${root}/layers`, log });
  rootfs = await RootfsStore.open({ root, run: `${root}/run`, layers, log });
});

afterEach(async () => {
  await rootfs.release('c');
  await rootfs.close();
  await layers.close();
  expect(listMounts().filter(({ target }) => target.startsWith(root))).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

function unpack(name: string, parents: string[], parts: readonly TarPart[]): Promise<void> {
  const source = layerBlob(`${root}/${name}.tar.gz`, tar(parts));
  return layers.unpack(chain(name), parents.map(chain), source, new AbortController().signal);
}

const directory = (path: string, mode = 0o755): TarPart => ({ path, flag: '5', mode });
const base: TarPart[] = [
  { ...directory('data', 0o2770), uid: 5, gid: 6, pax: { 'SCHILY.xattr.user.kind': 'kept' } },
  { path: 'data/old', content: 'old' },
  { path: 'data/other', content: 'other' },
  directory('real'),
  { path: 'real/below', content: 'below' },
  { path: 'lib', flag: '2', linkPath: 'real' },
  { path: 'abs', flag: '2', linkPath: '/real' },
  { path: 'bin', mode: 0o4755, content: 'setuid' },
];

async function merged(top: readonly TarPart[]): Promise<string> {
  await Promise.all([unpack('base', [], base), unpack('top', ['base'], top)]);
  return (await rootfs.prepare('c', [chain('base'), chain('top')])).path;
}

describe('LayerStore.unpack() of a layer that needs its parents', () => {
  it('keeps what a directory was below when the layer only implies it', async () => {
    const path = await merged([{ path: 'data/new', content: 'new' }]);

    expect(lstatSync(`${path}/data`)).toMatchObject({ mode: 0o42770, uid: 5, gid: 6 });
    expect(getXattr(`${path}/data`, 'user.kind')?.toString()).toBe('kept');
    expect(readdirSync(`${path}/data`).sort()).toEqual(['new', 'old', 'other']);
    expect(readdirSync(`${layers.directory(chain('top'))}/data`)).toEqual(['new']);
    expect(lstatSync(`${path}/data/new`)).toMatchObject({ uid: 0, gid: 0, mode: 0o100644 });
  });

  it.each(['lib', 'abs'])('writes behind the link %s of a lower layer', async (link) => {
    const path = await merged([{ path: `${link}/new`, content: 'new' }]);

    expect(lstatSync(`${path}/${link}`).isSymbolicLink()).toBe(true);
    expect(readdirSync(`${path}/real`).sort()).toEqual(['below', 'new']);
  });

  it('links to files of lower layers', async () => {
    const path = await merged([directory('dir'), { path: 'dir/link', flag: '1', linkPath: 'bin' }]);

    expect(readFileSync(`${path}/dir/link`, 'utf8')).toBe('setuid');
    expect(lstatSync(`${path}/dir/link`)).toMatchObject({ mode: 0o104755, nlink: 2 });
    expect(lstatSync(`${path}/dir/link`).ino).toBe(lstatSync(`${path}/bin`).ino);
  });

  it('hides what whiteouts name, and keeps what the layer itself brings', async () => {
    const path = await merged([
      { path: 'data/.wh.old' },
      { path: 'real/new', content: 'new' },
      { path: 'real/.wh..wh..opq' },
      { path: '.wh.bin' },
      { path: '.wh.lib' },
      { path: 'lib', content: 'a file now' },
    ]);

    expect(readdirSync(path).sort()).toEqual(['abs', 'data', 'lib', 'real']);
    expect(readdirSync(`${path}/data`)).toEqual(['other']);
    expect(readdirSync(`${path}/real`)).toEqual(['new']);
    expect(readFileSync(`${path}/lib`, 'utf8')).toBe('a file now');
  });

  it('fails when a parent it needs is neither there nor on its way', async () => {
    await expect(unpack('top', ['base'], [{ path: 'data/new' }])).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    expect(readdirSync(`${root}/layers`).filter((name) => !name.startsWith('tmp-'))).toEqual([]);
  });

  it('fails when the parent on its way fails', async () => {
    const bad = unpack('base', [], [{ path: 'l', flag: '1', linkPath: 'nothing' }]);
    const top = unpack('top', ['base'], [{ path: 'data/new' }]);

    await expect(bad).rejects.toThrow('does not exist');
    await expect(top).rejects.toThrow(`layer "${chain('base')}" below it is missing`);
  });

  it('still refuses a hard link to nothing', async () => {
    await expect(merged([{ path: 'l', flag: '1', linkPath: '../../etc/passwd' }])).rejects.toThrow('does not exist');
  });
});

describe('LayerStore.unpack() of a layer that stands alone', () => {
  it('hides the same as its whiteouts say once it is mounted', async () => {
    const path = await merged([
      directory('data'),
      { path: 'data/.wh.old' },
      directory('real'),
      { path: 'real/.wh..wh..opq' },
      { path: 'real/new', content: 'new' },
      { path: '.wh.bin' },
      { path: '.wh.never' },
      { path: '.wh.lib' },
      directory('lib'),
    ]);

    expect(readdirSync(path).sort()).toEqual(['abs', 'data', 'lib', 'real']);
    expect(readdirSync(`${path}/data`)).toEqual(['other']);
    expect(readdirSync(`${path}/real`)).toEqual(['new']);
    expect(readdirSync(`${path}/lib`)).toEqual([]);
  });
});

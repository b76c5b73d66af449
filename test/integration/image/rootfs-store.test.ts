import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { removeMount } from '../../../src/host/mounts.ts';
import { RootfsStore } from '../../../src/image/snapshot/rootfs-store.ts';
import { eventually } from '../../support/eventually.ts';
import { createLogger } from '../../../src/observe/logger.ts';

const log = createLogger('fatal');
let base: string;
let stores: RootfsStore[];

beforeEach(() => {
  base = mkdtempSync('/var/tmp/crisol-rootfs-');
  stores = [];
});

afterEach(async () => {
  for (const store of stores) {
    for (const id of store.list()) await store.release(id);
    await store.close();
  }
  removeMount(`${base}/elsewhere`);
  rmSync(base, { recursive: true, force: true });
});

async function openStore(name = 'plain'): Promise<RootfsStore> {
  const layers = { directory: (chainId: string) => `${base}/layers/${chainId}` };
  const store = await RootfsStore.open({ root: `${base}/${name}/root`, run: `${base}/${name}/run`, layers, log });
  stores.push(store);
  return store;
}

function layer(name: string, files: Record<string, string>): string {
  mkdirSync(`${base}/layers/${name}`, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(`${base}/layers/${name}/${file}`, content);
  return name;
}

describe('RootfsStore', () => {
  it('shows upper layers over lower ones and keeps what is written apart', async () => {
    const store = await openStore();
    const chain = [layer('one', { a: 'one', b: 'one' }), layer('two', { b: 'two' })];

    const { path } = await store.prepare('c1', chain);
    writeFileSync(`${path}/new`, 'x');

    expect(path).toBe(store.path('c1'));
    expect([readFileSync(`${path}/a`, 'utf8'), readFileSync(`${path}/b`, 'utf8')]).toEqual(['one', 'two']);
    expect(lstatSync(path).mode & 0o7777).toBe(0o755);
    expect(existsSync(`${base}/layers/two/new`)).toBe(false);
    expect(await store.usage('c1')).toEqual({ bytes: 8192, inodes: 2 });
  });

  it.each([0, 1])('takes an image of %i layers', async (count) => {
    const store = await openStore();
    const chain = count === 0 ? [] : [layer('only', { a: 'x' })];

    const writable = await store.prepare('w', chain);
    const view = await store.mountReadOnly('r', chain);
    writeFileSync(`${writable.path}/new`, 'x');

    expect(readdirSync(view.path)).toHaveLength(count);
    expect(() => writeFileSync(`${view.path}/new`, 'x')).toThrow('EROFS');
  });

  it.each([
    { name: 'more layers than fit into mount options', directory: 'plain' },
    { name: 'paths with the separators of mount options', directory: 'odd:name,with\\all' },
  ])('mounts $name', async ({ directory }) => {
    const store = await openStore(directory);
    const chain = Array.from({ length: 120 }, (_, index) =>
      layer(`${index}`.padStart(64, '0'), { [`file-${index}`]: '', top: `${index}` }),
    );

    const { path } = await store.prepare('many', chain);
    writeFileSync(`${path}/new`, 'x');

    expect(readdirSync(path)).toHaveLength(122);
    expect(readFileSync(`${path}/top`, 'utf8')).toBe('119');
    expect(readdirSync(`${base}/${directory}/root/rootfs/many/upper`)).toEqual(['new']);
    expect(readdirSync(`${base}/${directory}/run/rootfs`)).toEqual(['many']);
  });

  it.each([
    { name: 'of few layers', directory: 'plain' },
    { name: 'by links', directory: 'odd:name' },
  ])('asks the kernel for a label of all files, in mounts $name', async ({ directory }) => {
    const store = await openStore(directory);
    const chain = [layer('one', { a: 'x' })];
    // No policy has it, and a kernel without SELinux knows no such option: either refuses.
    const label = 'nobody_u:object_r:nothing_t:s0:c1,c2';

    await expect(store.prepare('c1', chain, undefined, label)).rejects.toThrow('EINVAL');
    await expect(store.mountReadOnly('view', chain, undefined, undefined, label)).rejects.toThrow('EINVAL');
    await store.prepare('c1', chain);
  });

  it('mounts again what a reboot unmounted, with all that was written', async () => {
    const chain = [layer('one', { a: 'one' })];
    const before = await openStore();
    const { path } = await before.prepare('c1', chain);
    writeFileSync(`${path}/new`, 'kept');
    removeMount(path);
    rmSync(`${base}/plain/run`, { recursive: true });

    const after = await openStore();
    const again = await after.ensureMounted('c1', chain);
    await after.ensureMounted('c1', chain);

    expect(after.list()).toEqual(['c1']);
    expect(readFileSync(`${again.path}/new`, 'utf8')).toBe('kept');
    await after.release('c1');
    expect(existsSync(again.path)).toBe(false);
  });

  it('mounts a read-only view at a given path', async () => {
    const store = await openStore();

    const { path } = await store.mountReadOnly('view', [layer('one', { a: 'x' })], `${base}/elsewhere`);

    expect(readdirSync(path)).toEqual(['a']);
    expect(store.list()).toEqual([]);
  });

  it('releases a busy root file system, twice, and one that never was', async () => {
    const store = await openStore();
    const { path } = await store.prepare('busy', [layer('one', { a: 'x' })]);
    const fd = openSync(`${path}/a`, 'r');

    await store.release('busy');
    await store.release('busy');
    await store.release('unknown');

    closeSync(fd);
    expect(store.list()).toEqual([]);
    expect(existsSync(path)).toBe(false);
    await eventually(() => readdirSync(`${base}/plain/root/rootfs`).length === 0);
  });

  it('sweeps at start what was being removed, without following its links', async () => {
    const precious = `${base}/precious`;
    mkdirSync(precious);
    writeFileSync(`${precious}/file`, 'x');
    mkdirSync(`${base}/plain/root/rootfs/tmp-1/upper`, { recursive: true });
    symlinkSync(precious, `${base}/plain/root/rootfs/tmp-1/upper/link`);
    writeFileSync(Buffer.from(`${base}/plain/root/rootfs/tmp-1/upper/\xff`, 'latin1'), '');

    const store = await openStore();

    expect(store.list()).toEqual([]);
    await eventually(() => !existsSync(`${base}/plain/root/rootfs/tmp-1`));
    expect(readdirSync(precious)).toEqual(['file']);
  });

  it('counts hard links once', async () => {
    const store = await openStore();
    const { path } = await store.prepare('c1', []);
    writeFileSync(`${path}/file`, Buffer.alloc(100_000, 1));
    linkSync(`${path}/file`, `${path}/link`);

    expect((await store.usage('c1')).inodes).toBe(2);
  });
});

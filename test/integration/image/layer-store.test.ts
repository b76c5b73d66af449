import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { errorMessage } from '../../../src/errors.ts';
import { getXattr } from '../../../src/host/kernel.ts';
import { LayerStore, type LayerSource, type LayerStoreOptions } from '../../../src/image/unpack/layer-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { layerBlob, sha256 } from '../../support/layer-blob.ts';
import { tar, type TarPart } from '../../support/tar-builder.ts';

const log = createLogger('fatal');
const forever = new AbortController().signal;
const chain = (name: string) => sha256(`chain ${name}`);
let root: string;
let stores: LayerStore[];

beforeEach(() => {
  root = mkdtempSync('/var/tmp/crisol-layers-');
  stores = [];
});

afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(root, { recursive: true, force: true });
});

async function openStore(options: Partial<LayerStoreOptions> = {}): Promise<LayerStore> {
  const store = await LayerStore.open({ root: `${root}/layers`, log, ...options });
  stores.push(store);
  return store;
}

function source(name: string, parts: readonly TarPart[]): LayerSource {
  return layerBlob(`${root}/${name}.tar.gz`, tar(parts));
}

async function unpack(store: LayerStore, name: string, parts: readonly TarPart[], parents: string[] = []) {
  await store.unpack(chain(name), parents.map(chain), source(name, parts), forever);
  return store.directory(chain(name));
}

function isWhiteout(path: string): boolean {
  const stat = lstatSync(path);
  return stat.isCharacterDevice() && stat.rdev === 0;
}

const opaque = (path: string) => getXattr(path, 'trusted.overlay.opaque')?.toString();
const directory = (path: string): TarPart => ({ path, flag: '5', mode: 0o755 });
// VFS_CAP_REVISION_2 with CAP_NET_RAW, effective.
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

describe('LayerStore.unpack()', () => {
  it('keeps types, owners, permissions, attributes and times', async () => {
    const store = await openStore();

    const fs = await unpack(store, 'base', [
      { path: './', flag: '5', mode: 0o755, mtime: 1_000_000_000 },
      { path: 'bin/', flag: '5', mode: 0o2775, gid: 50, mtime: 1_100_000_000 },
      { path: 'bin/su', mode: 0o4755, uid: 0, content: 'su', pax: { mtime: '1200000000.123456789' } },
      { path: 'bin/ping', uid: 7, mode: 0o755, pax: { 'SCHILY.xattr.security.capability': capability } },
      { path: 'bin/link', flag: '1', linkPath: 'bin/su' },
      { path: 'tmp', flag: '5', mode: 0o1777 },
      { path: 'sh', flag: '2', linkPath: '/bin/../bin/su', uid: 9, mtime: 5 },
      { path: 'null', flag: '3', device: [1, 3], mode: 0o666 },
      { path: 'disk', flag: '4', device: [259, 300], mode: 0o600 },
      { path: 'pipe', flag: '6', mode: 0o600 },
      { path: 'caf\xe9', content: 'latin1' },
      { path: 'big', content: Buffer.alloc(3_000_000, 'big') },
    ]);

    expect(lstatSync(`${fs}/bin`)).toMatchObject({ mode: 0o42775, gid: 50, mtimeMs: 1_100_000_000_000 });
    expect(lstatSync(fs).mtimeMs).toBe(1_000_000_000_000);
    const su = lstatSync(`${fs}/bin/su`, { bigint: true });
    expect([su.mode, su.mtimeNs, su.nlink, su.gid]).toEqual([0o104755n, 1_200_000_000_123_456_789n, 2n, 0n]);
    expect(lstatSync(`${fs}/bin/ping`)).toMatchObject({ uid: 7, mode: 0o100755 });
    expect(getXattr(`${fs}/bin/ping`, 'security.capability')).toEqual(capability);
    expect(lstatSync(`${fs}/tmp`).mode).toBe(0o41777);
    expect(readlinkSync(`${fs}/sh`)).toBe('/bin/../bin/su');
    expect(lstatSync(`${fs}/sh`)).toMatchObject({ uid: 9, mtimeMs: 5000 });
    expect(lstatSync(`${fs}/null`)).toMatchObject({ mode: 0o20666, rdev: 0x103 });
    expect(lstatSync(`${fs}/disk`)).toMatchObject({ mode: 0o60600, rdev: (259 << 8) | 44 | (1 << 20) });
    expect(lstatSync(`${fs}/pipe`).isFIFO()).toBe(true);
    expect(readFileSync(Buffer.from(`${fs}/caf\xe9`, 'latin1'), 'utf8')).toBe('latin1');
    expect(sha256(readFileSync(`${fs}/big`))).toBe(sha256(Buffer.alloc(3_000_000, 'big')));
    expect(store.list()).toEqual([chain('base')]);
    expect(store.usage(chain('base')).inodes).toBe(11);
    expect(readdirSync(`${root}/layers`)).toEqual([chain('base').slice(7)]);
  });

  it('turns whiteouts into marks of overlay, in whichever order they come', async () => {
    const store = await openStore();
    await unpack(store, 'base', [directory('a')]);

    const fs = await unpack(
      store,
      'top',
      [
        { path: '.wh.gone' },
        { path: '.wh.early' },
        { path: 'early', content: 'new' },
        { path: 'late', content: 'new' },
        { path: '.wh.late' },
        { path: '.wh.replaced' },
        directory('replaced'),
        directory('hidden'),
        { path: 'hidden/.wh..wh..opq' },
        { path: 'hidden/kept' },
        directory('after'),
        { path: '.wh.after' },
        { path: '.wh.implied' },
        { path: 'implied/file' },
        { path: '.wh..wh.plnk/1.2' },
        { path: '.wh..wh.aufs' },
      ],
      ['base'],
    );

    expect(isWhiteout(`${fs}/gone`)).toBe(true);
    expect(readFileSync(`${fs}/early`, 'utf8')).toBe('new');
    expect(readFileSync(`${fs}/late`, 'utf8')).toBe('new');
    expect(['replaced', 'hidden', 'after', 'implied'].map((name) => opaque(`${fs}/${name}`))).toEqual(
      Array(4).fill('y'),
    );
    expect(readdirSync(fs).sort()).toEqual(['after', 'early', 'gone', 'hidden', 'implied', 'late', 'replaced']);
    expect(readdirSync(`${fs}/hidden`)).toEqual(['kept']);
  });

  it('replaces entries of the same layer, whatever they were', async () => {
    const store = await openStore();

    const fs = await unpack(store, 'base', [
      { path: 'victim', content: 'untouched' },
      { path: 'link', flag: '2', linkPath: 'victim' },
      { path: 'link', content: 'file' },
      directory('dir'),
      { path: 'dir/inside', content: 'x' },
      { path: 'dir', content: 'file' },
      { path: 'file', content: 'x' },
      directory('file'),
      { path: 'file/inside' },
      directory('kept'),
      { path: 'kept/inside' },
      { ...directory('kept'), mode: 0o700 },
      { path: 'twice', content: 'one' },
      { path: 'twice', content: 'two' },
    ]);

    const contents = ['victim', 'link', 'dir', 'twice'].map((name) => readFileSync(`${fs}/${name}`, 'utf8'));
    expect(contents).toEqual(['untouched', 'file', 'file', 'two']);
    expect(readdirSync(`${fs}/file`)).toEqual(['inside']);
    expect(readdirSync(`${fs}/kept`)).toEqual(['inside']);
    expect(lstatSync(`${fs}/kept`).mode).toBe(0o40700);
  });

  it('contains absolute, climbing and linked paths', async () => {
    const store = await openStore();
    const outside = `${root}/outside`;
    mkdirSync(outside);
    writeFileSync(`${outside}/secret`, 'secret');
    const up = '../'.repeat(20);

    const fs = await unpack(store, 'hostile', [
      { path: `${up}climbed`, content: 'x' },
      { path: '/absolute', content: 'x' },
      { path: 'a/../../../b', content: 'x' },
      directory('tmp'),
      { path: 'out', flag: '2', linkPath: outside },
      { path: 'out/through-link', content: 'x' },
      { path: 'climb', flag: '2', linkPath: `${up}tmp` },
      { path: 'climb/through-climb', content: 'x' },
      { path: 'last', flag: '2', linkPath: `${outside}/secret` },
      { path: 'last', content: 'overwritten' },
    ]);

    expect(readdirSync(fs).sort()).toEqual(['absolute', 'b', 'climb', 'climbed', 'last', 'out', 'tmp', 'var']);
    expect(readdirSync(`${fs}${outside}`)).toEqual(['through-link']);
    expect(readdirSync(`${fs}/tmp`)).toEqual(['through-climb']);
    expect(readFileSync(`${fs}/last`, 'utf8')).toBe('overwritten');
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('secret');
  });

  const deep = Array(600).fill('d').join('/');
  it.each<{ name: string; parts: TarPart[]; message: string }>([
    {
      name: 'a link to nothing',
      parts: [{ path: 'l', flag: '1', linkPath: '/etc/passwd' }],
      message: 'entry "l": it is a hard link to "/etc/passwd", which does not exist',
    },
    {
      name: 'a hard link out',
      parts: [{ path: 'l', flag: '1', linkPath: '../../../etc/passwd' }],
      message: 'does not exist',
    },
    { name: 'a file as a directory', parts: [{ path: 'f' }, { path: 'f/x' }], message: '"/f" is not a directory' },
    { name: 'a root that is a file', parts: [{ path: './' }], message: 'the root of a layer must be a directory' },
    { name: 'a whiteout of the parent', parts: [{ path: 'a/.wh...' }], message: 'the whiteout names no file' },
    { name: 'a path inside a whiteout', parts: [{ path: '.wh.a/b' }], message: 'inside a whiteout' },
    {
      name: 'a loop of links',
      parts: [{ path: 'l', flag: '2', linkPath: 'l' }, { path: 'l/x' }],
      message: 'too many links',
    },
    { name: 'a name that is too long', parts: [{ pax: { path: 'n'.repeat(256) } }], message: 'longer than 255 bytes' },
    {
      name: 'a path that is too long',
      parts: [{ pax: { path: 'n/'.repeat(2100) } }],
      message: 'longer than 4094 bytes',
    },
    { name: 'a path that is too deep', parts: [{ pax: { path: deep } }], message: 'the limit of 512 path components' },
    { name: 'too many entries', parts: Array<TarPart>(11).fill({ path: 'x' }), message: 'the limit of 10 entries' },
    {
      name: 'too many bytes',
      parts: [{ content: Buffer.alloc(200_000) }],
      message: 'the limit of 100000 uncompressed',
    },
  ])('refuses $name and leaves nothing', async ({ parts, message }) => {
    const store = await openStore({ limits: { maxEntries: 10, maxBytes: 100_000 } });

    await expect(unpack(store, 'bad', parts)).rejects.toThrow(message);

    expect(store.has(chain('bad'))).toBe(false);
    expect(readdirSync(`${root}/layers`)).toEqual([]);
  });

  it('refuses content that is not what the diff id says', async () => {
    const store = await openStore();
    const lying = { ...source('lying', [{ path: 'x' }]), diffId: sha256('other') };

    const error: unknown = await store.unpack(chain('lying'), [], lying, forever).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'data-loss' });
    expect(errorMessage(error)).toContain(`its image says ${sha256('other')}`);
    expect(readdirSync(`${root}/layers`)).toEqual([]);
  });

  it('refuses a blob that ends early', async () => {
    const store = await openStore();
    const cut = source('cut', [{ path: 'x', content: randomBytes(100_000) }]);
    truncateSync(cut.path, 50_000);

    await expect(store.unpack(chain('cut'), [], cut, forever)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(readdirSync(`${root}/layers`)).toEqual([]);
  });
});

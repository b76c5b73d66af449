import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { LayerStore, type LayerSource } from '../../../src/image/unpack/layer-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { layerBlob, sha256 } from '../../support/layer-blob.ts';
import { tar } from '../../support/tar-builder.ts';

jest.setTimeout(30_000);
const log = createLogger('fatal');
const chainId = sha256('chain');
let root: string;
let stores: LayerStore[];

beforeEach(() => {
  root = mkdtempSync('/var/tmp/crisol-flights-');
  stores = [];
});

afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(root, { recursive: true, force: true });
});

async function openStore(): Promise<LayerStore> {
  const store = await LayerStore.open({ root: `${root}/layers`, log });
  stores.push(store);
  return store;
}

// Slow to write, quick to pack.
function large(): LayerSource {
  return layerBlob(`${root}/large.tar.gz`, tar([{ path: 'zeros', content: Buffer.alloc(200_000_000) }]));
}

const small = () => layerBlob(`${root}/small.tar.gz`, tar([{ path: 'file', content: 'x' }]));

describe('LayerStore', () => {
  it('runs calls for one layer once', async () => {
    const store = await openStore();
    const source = small();

    const first = store.unpack(chainId, [], source, new AbortController().signal);
    const second = store.unpack(chainId, [], { ...source, path: '/nonexistent' }, new AbortController().signal);

    await Promise.all([first, second]);
    expect(store.has(chainId)).toBe(true);
  });

  it('stops promptly and leaves nothing when the only caller gives up', async () => {
    const store = await openStore();
    const controller = new AbortController();
    const source = large();

    const unpacking = store.unpack(chainId, [], source, controller.signal);
    await eventually(() => readdirSync(`${root}/layers`).some((name) => countFiles(`${root}/layers/${name}/fs`) > 0));
    controller.abort();

    await expect(unpacking).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(`${root}/layers`)).toEqual([]);
  });

  it('goes on for the others when one caller gives up', async () => {
    const store = await openStore();
    const controller = new AbortController();
    const source = small();

    const leaving = store.unpack(chainId, [], source, controller.signal);
    const staying = store.unpack(chainId, [], source, new AbortController().signal);
    controller.abort();

    await expect(leaving).rejects.toMatchObject({ code: 'cancelled' });
    await staying;
    expect(store.has(chainId)).toBe(true);
  });

  it('knows its layers again, and sweeps what was half made or is not to be trusted', async () => {
    const first = await openStore();
    await first.unpack(chainId, [], small(), new AbortController().signal);
    await first.close();
    const other = (name: string) => `${root}/layers/${sha256(name).slice(7)}`;
    mkdirSync(`${root}/layers/tmp-1/fs/a`, { recursive: true });
    mkdirSync(`${other('no record')}/fs`, { recursive: true });
    mkdirSync(`${other('damaged')}/fs`, { recursive: true });
    writeFileSync(`${other('damaged')}/layer.json`, '{"version":1');
    const record = JSON.parse(readFileSync(`${root}/layers/${chainId.slice(7)}/layer.json`, 'utf8')) as object;
    for (const durable of [false, true]) {
      mkdirSync(`${other(`durable ${durable}`)}/fs`, { recursive: true });
      const text = JSON.stringify({ ...record, durable, bootId: 'an earlier one' });
      writeFileSync(`${other(`durable ${durable}`)}/layer.json`, text);
    }

    const second = await openStore();

    expect(second.list().toSorted()).toEqual([chainId, sha256('durable true')].sort());
    expect(second.usage(chainId).inodes).toBe(2);
    await eventually(() => readdirSync(`${root}/layers`).length === 2);
  });

  it('records that a layer has reached the disk', async () => {
    const store = await openStore();
    await store.unpack(chainId, [], small(), new AbortController().signal);

    await eventually(() =>
      readFileSync(`${root}/layers/${chainId.slice(7)}/layer.json`, 'utf8').includes('"durable":true'),
    );
  });

  it('removes a layer, twice', async () => {
    const store = await openStore();
    await store.unpack(chainId, [], small(), new AbortController().signal);

    await store.remove(chainId);
    await store.remove(chainId);

    expect(store.has(chainId)).toBe(false);
    expect(existsSync(store.directory(chainId))).toBe(false);
    await eventually(() => readdirSync(`${root}/layers`).length === 0);
  });

  it.each([
    { name: 'uncompressed', pack: (archive: Buffer) => archive },
    { name: 'zstd', pack: (archive: Buffer) => zstd(archive) },
    { name: 'several zstd frames', pack: (archive: Buffer) => inHalves(archive, zstd) },
    { name: 'several gzip members', pack: (archive: Buffer) => inHalves(archive, gzip) },
    { name: 'estargz', pack: (archive: Buffer) => Buffer.concat([inHalves(archive, gzip), ESTARGZ_FOOTER]) },
    {
      name: 'zstd:chunked',
      pack: (archive: Buffer) =>
        Buffer.concat([
          inHalves(archive, zstd),
          skippable(zstd(Buffer.from('{"version":1}'))),
          skippable(randomBytes(64)),
        ]),
    },
  ])('unpacks $name content whatever its media type says', async ({ pack }) => {
    const store = await openStore();
    const archive = tar([
      { path: 'big', content: randomBytes(5_000_000) },
      { path: 'small', content: 'x' },
    ]);
    writeFileSync(`${root}/blob`, pack(archive));

    await store.unpack(
      chainId,
      [],
      { path: `${root}/blob`, mediaType: '', diffId: sha256(archive) },
      AbortSignal.timeout(9000),
    );

    expect(readdirSync(store.directory(chainId)).sort()).toEqual(['big', 'small']);
  });

  it.each([
    {
      name: 'zstd content that ends early',
      pack: (archive: Buffer) => zstd(archive).subarray(0, -9),
      message: 'zstd: unexpected end',
    },
    {
      name: 'damaged zstd content',
      pack: (archive: Buffer) => Buffer.concat([zstd(archive), Buffer.from('junk')]),
      message: 'zstd: ',
    },
    { name: 'xz', pack: () => Buffer.from('fd377a585a000000', 'hex'), message: 'compressed with xz' },
  ])('refuses $name', async ({ pack, message }) => {
    const store = await openStore();
    const archive = tar([{ path: 'x', content: randomBytes(1000) }]);
    writeFileSync(`${root}/blob`, pack(archive));
    const source = { path: `${root}/blob`, mediaType: '', diffId: sha256(archive) };

    await expect(store.unpack(chainId, [], source, AbortSignal.timeout(9000))).rejects.toThrow(message);
  });

  it('makes the same tree as GNU tar', async () => {
    const store = await openStore();
    const archive = execFileSync('/usr/bin/tar', ['-C', '/usr/share', '-c', 'perl5', 'bash-completion'], {
      maxBuffer: 2 ** 31 - 1,
    });
    mkdirSync(`${root}/expected`);
    execFileSync('/usr/bin/tar', ['-C', `${root}/expected`, '-xp', '--xattrs', '--xattrs-include=*'], {
      input: archive,
    });

    await store.unpack(chainId, [], layerBlob(`${root}/usr.tar.gz`, archive), AbortSignal.timeout(60_000));

    expect(listing(store.directory(chainId))).toEqual(listing(`${root}/expected`));
    execFileSync('/usr/bin/diff', ['-r', '--no-dereference', store.directory(chainId), `${root}/expected`]);
  }, 60_000);
});

function countFiles(path: string): number {
  return existsSync(path) ? readdirSync(path).length : 0;
}

function listing(path: string): string[] {
  const format = '%P %y %m %U %G %n %T@ %l\\n';
  const text = execFileSync('/usr/bin/find', [path, '-mindepth', '1', '-printf', format], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return text.split('\n').sort();
}

// An empty gzip member that points to the table of contents, as stargz-snapshotter's estargz.md lays it out.
const ESTARGZ_FOOTER = Buffer.concat([
  Buffer.from('1f8b0804000000000000', 'hex'),
  Buffer.from([26, 0]),
  Buffer.from('SG'),
  Buffer.from([22, 0]),
  Buffer.from('0000000000001234STARGZ'),
  Buffer.from('010000ffff', 'hex'),
  Buffer.alloc(8),
]);

/** A zstd frame that readers skip: where zstd:chunked keeps its manifest and footer. */
function skippable(content: Buffer): Buffer {
  const header = Buffer.from('502a4d1800000000', 'hex');
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

function zstd(content: Buffer): Buffer {
  return execFileSync('/usr/bin/zstd', ['-q', '-c'], { input: content, maxBuffer: 2 ** 28 });
}

function gzip(content: Buffer): Buffer {
  return execFileSync('/usr/bin/gzip', ['-1', '-c'], { input: content, maxBuffer: 2 ** 28 });
}

function inHalves(content: Buffer, pack: (half: Buffer) => Buffer): Buffer {
  return Buffer.concat([pack(content.subarray(0, 3_000_001)), pack(content.subarray(3_000_001))]);
}

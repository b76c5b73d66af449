// The commands that care for the image store, through a running daemon's socket, and a pull whose caller has gone.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { makeImage, serve } from '../fakes/fake-image.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { digestOf } from '../../src/image/digest.ts';
import { tar } from '../support/tar-builder.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { Pods } from './pods.ts';

interface Usage {
  readonly blobs: { readonly count: string };
  readonly images: readonly { readonly names: readonly string[]; readonly used: boolean; readonly pinned: boolean }[];
}

describe('crisol image', () => {
  const daemon = new TestDaemon();
  const pods = new Pods(daemon);
  const registry = new FakeRegistry();
  const layer = (name: string) => tar([{ path: name, content: Buffer.alloc(200_000, name) }]);
  const apps = ['a', 'b', 'kept'].map((name) => ({ name, image: makeImage({ layers: [layer(name)], label: name }) }));

  beforeAll(async () => {
    await registry.listen();
    for (const { name, image } of apps) serve(registry, image, name, '1');
    daemon.writeMirror('fake.test', `http://${registry.address}`);
    daemon.writeDropIn('[images]\npinned = ["fake.test/kept:*"]\n');
    await daemon.start();
    for (const { name } of apps) await pull(name);
    await daemon.client.call('PullImage', { image: { image: IMAGE } });
    await pods.create(await pods.run('user'), 'user', 'true');
  }, 60_000);

  afterAll(async () => {
    await daemon.removePods();
    await daemon.destroy();
    await registry.close();
  });

  const pull = (name: string, ms?: number) =>
    daemon.client.call('PullImage', { image: { image: `fake.test/${name}:1` } }, ms);

  async function crisol(...args: readonly string[]): Promise<{ readonly exitCode?: number; readonly stdout: string }> {
    const entry = join(lab('REPO'), 'dist/bundle/main.js');
    return execa(process.execPath, [entry, 'image', ...args, '--config', daemon.configPath], { reject: false });
  }

  async function usage(): Promise<Usage> {
    return JSON.parse((await crisol('df', '--json')).stdout) as Usage;
  }

  it('df tells what is there, what is used and what is pinned', async () => {
    const { images, blobs } = await usage();

    const told = images.map(({ names, used, pinned }) => [names[0], used, pinned]);
    expect(told).toContainEqual([IMAGE, true, false]);
    expect(told).toContainEqual(['fake.test/a:1', false, false]);
    expect(told).toContainEqual(['fake.test/kept:1', false, true]);
    expect(Number(blobs.count)).toBeGreaterThanOrEqual(12);
    expect((await crisol('df')).stdout).toMatch(/^reclaimable +\d+ .*\n(.*\n)*fake\.test\/kept:1 .*pinned$/m);
  });

  it('export writes an archive that import reads, and refuses one that is there', async () => {
    const archive = join(daemon.directory, 'a.tar');

    expect(await crisol('export', archive, 'fake.test/a:1')).toMatchObject({ exitCode: 0, stdout: archive });
    expect((await crisol('export', archive, 'fake.test/a:1')).exitCode).toBe(1);
    await daemon.client.call('RemoveImage', { image: { image: 'fake.test/a:1' } });
    expect((await crisol('import', archive)).exitCode).toBe(0);

    expect((await usage()).images.map(({ names }) => names[0])).toContain('fake.test/a:1');
    rmSync(archive);
  });

  it('fsck finds a damaged blob and gets it anew', async () => {
    const path = join(daemon.root, 'image/content/blobs/sha256', digestOf(layer('b')).slice('sha256:'.length));
    truncateSync(path, 100);

    const looked = await crisol('fsck', '--dry-run');
    const mended = await crisol('fsck');

    expect(looked).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^blob sha256:.*nothing done/) });
    expect(mended).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/set aside and got anew/) });
    expect((await crisol('fsck')).stdout).toMatch(/: 0 problems$/);
    expect(readdirSync(join(daemon.root, 'image/quarantine'))).toHaveLength(1);
  });

  it('prune removes what is neither used nor pinned', async () => {
    const tried = await crisol('prune', '--dry-run');
    const pruned = await crisol('prune');

    const names = (text: string) => text.split('\n').slice(0, -1).sort();
    expect(names(tried.stdout)).toEqual(['fake.test/a:1', 'fake.test/b:1']);
    expect(names(pruned.stdout)).toEqual(names(tried.stdout));
    expect(pruned.stdout).toMatch(/[1-9].* freed$/);
    expect((await usage()).images.map(({ names: [name] }) => name).sort()).toEqual(['fake.test/kept:1', IMAGE]);
    expect((await crisol('prune')).stdout).toBe('0B freed');
  });

  it('pull stops when its caller has gone: no connection stays, and nothing half made', async () => {
    let closed: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    registry.spoil = (request, response, next) => {
      if (!(request.url ?? '').includes(digestOf(layer('a')))) {
        next();
        return;
      }
      response.writeHead(200, { 'content-length': '200704' });
      response.write(Buffer.alloc(100_000));
      response.on('close', () => closed?.());
    };

    await expect(pull('a', 700)).rejects.toThrow(/DEADLINE_EXCEEDED/);
    await gone;
    registry.spoil = (_request, _response, next) => next();

    await pull('a');
    expect(readdirSync(join(daemon.root, 'image/ingest'))).toEqual([]);
  });
});

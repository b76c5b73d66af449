// Garbage collection that is killed in the middle: what is left is whole images and nothing else.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeImage, serve } from '../fakes/fake-image.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { tar } from '../support/tar-builder.ts';
import { TestDaemon } from './daemon.ts';
import { lab } from './lab.ts';

const ROUNDS = Number(process.env['COLLECT_ROUNDS'] ?? 5);
const NAMES = ['a', 'b', 'c', 'd'];

describe('RemoveImage, killed in the middle,', () => {
  const daemon = new TestDaemon();
  const registry = new FakeRegistry();
  const shared = tar([{ path: 'shared', content: 'shared' }]);

  beforeAll(async () => {
    await registry.listen();
    for (const name of NAMES) {
      const own = ['1', '2'].map((part) => tar([{ path: `${name}${part}`, content: Buffer.alloc(300_000, name) }]));
      serve(registry, makeImage({ layers: [shared, ...own], label: name }), name, '1');
    }
    daemon.writeMirror('fake.test', `http://${registry.address}`);
    await daemon.start();
  }, 30_000);

  afterAll(async () => {
    await daemon.destroy();
    await registry.close();
  });

  const image = (name: string) => ({ image: { image: `fake.test/${name}:1` } });

  async function fsck(): Promise<string> {
    const entry = join(lab('REPO'), 'dist/bundle/main.js');
    const args = [entry, 'image', 'fsck', '--dry-run', '--config', daemon.configPath];
    return (await execa(process.execPath, args, { reject: false })).stdout;
  }

  it(`leaves images whole or not at all, ${ROUNDS} times, and forgets nothing`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of NAMES) await daemon.client.call('PullImage', image(name));
      const removals = NAMES.slice(1).map((name) =>
        daemon.client.call('RemoveImage', image(name)).catch(() => undefined),
      );
      await sleep(Math.random() * 30);
      await daemon.kill();
      await Promise.all(removals);
      await daemon.start();

      const { images } = await daemon.client.call('ListImages', {});
      expect(images.map(({ repoTags }) => repoTags[0])).toContain('fake.test/a:1');
      expect(await fsck()).toMatch(/^\d+ blobs and \d+ layers checked.*: 0 problems$/);
    }
    for (const name of NAMES) await daemon.client.call('RemoveImage', image(name));
    const left = (path: string) => (existsSync(join(daemon.root, path)) ? readdirSync(join(daemon.root, path)) : []);
    for (let tries = 0; left('image/layers').length > 0 && tries < 100; tries += 1) await sleep(50);
    expect([left('image/layers'), left('image/content/blobs/sha256'), left('image/quarantine')]).toEqual([[], [], []]);
  }, 180_000);
});

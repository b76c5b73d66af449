import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { makeImage, serve, type FakeImage } from '../../fakes/fake-image.ts';
import { FakeRegistry } from '../../fakes/fake-registry.ts';
import { makeFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
let mirror: FakeRegistry;
let image: FakeImage;
beforeEach(async () => {
  fixture = await makeFixture();
  mirror = new FakeRegistry();
  await mirror.listen();
  image = makeImage();
  const directory = join(fixture.root, 'hosts/registry.test');
  await mkdir(directory, { recursive: true });
  const text = `server = "http://${fixture.registry.address}"\n[host."http://${mirror.address}"]\n`;
  await writeFile(join(directory, 'hosts.toml'), text);
});
afterEach(async () => {
  await fixture.close();
  await mirror.close();
});

async function pull() {
  const signal = new AbortController().signal;
  return fixture.service.pull({ reference: 'registry.test/app:v1', runtimeHandler: '', signal });
}

describe('a pull through a mirror', () => {
  it('asks the mirror alone when it has everything, and names the registry that is meant', async () => {
    serve(mirror, image, 'app', 'v1');

    const record = await pull();

    expect(record.repoTags).toEqual(['registry.test/app:v1']);
    expect(fixture.registry.seen).toEqual([]);
    expect(mirror.seen.every(({ url }) => url.endsWith('?ns=registry.test'))).toBe(true);
  });

  it('goes on to the registry for what the mirror does not have', async () => {
    serve(fixture.registry, image, 'app', 'v1');

    await expect(pull()).resolves.toMatchObject({ id: image.id });
  });

  it('goes on to the registry for a blob that the mirror gets wrong', async () => {
    serve(mirror, image, 'app', 'v1');
    serve(fixture.registry, image, 'app', 'v1');
    const wrong = digestOf(image.layers[1]!);
    mirror.spoil = (request, response, next) => {
      if (request.url?.includes(wrong)) response.end(Buffer.alloc(200_000));
      else next();
    };

    await expect(pull()).resolves.toMatchObject({ id: image.id });
    expect(fixture.registry.seen.map(({ url }) => url)).toEqual([expect.stringContaining(wrong)]);
  });

  it('names every host that was tried when none delivers', async () => {
    await fixture.registry.close();

    const pulling = pull();

    await expect(pulling).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^RegistryUnavailable: pulling image .*tried before: .*not found/),
    });
    await fixture.registry.listen();
  });
});

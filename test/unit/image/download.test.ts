// Downloads as a pull sees them: broken, slow, split, resumed, and handed from one host to the next.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { makeImage, serve } from '../../fakes/fake-image.ts';
import { FakeRegistry, type Spoil } from '../../fakes/fake-registry.ts';
import { makeFixture, type Fixture } from './fixture.ts';

const big = randomBytes(1_000_000);
const image = makeImage({ layers: [big] });
const blob = digestOf(big);
// A Worker starts slowly on a busy machine.
jest.setTimeout(30_000);
let fixture: Fixture;
beforeEach(async () => {
  fixture = await makeFixture();
  serve(fixture.registry, image, 'app', 'v1');
});
afterEach(() => fixture.close());

/** Sends the first `bytes` of the blob and then ends as `end` says; further requests are answered well. */
function breakOnce(bytes: number, end: 'cut' | 'hang'): Spoil {
  let broken = false;
  return (request, response, next) => {
    if (broken || request.url?.includes(blob) !== true) {
      next();
      return;
    }
    broken = true;
    response.writeHead(200, { 'content-length': big.length });
    response.write(big.subarray(0, bytes), () => {
      if (end === 'cut') setTimeout(() => response.destroy(), 50);
    });
  };
}

function ranges(registry: FakeRegistry): readonly (string | undefined)[] {
  return registry.seenAt(blob).map(({ range }) => range);
}

async function mirrored(mirror: FakeRegistry): Promise<void> {
  const directory = join(fixture.root, 'hosts/registry.test');
  await mkdir(directory, { recursive: true });
  const text = `server = "http://${fixture.registry.address}"\n[host."http://${mirror.address}"]\n`;
  await writeFile(join(directory, 'hosts.toml'), text);
}

describe('a download', () => {
  it('goes on at the registry where the mirror fell silent', async () => {
    const mirror = new FakeRegistry();
    await mirror.listen();
    serve(mirror, image, 'app', 'v1');
    mirror.spoil = breakOnce(300_000, 'hang');
    await mirrored(mirror);

    const signal = new AbortController().signal;
    await fixture.service.pull({ reference: 'registry.test/app:v1', runtimeHandler: '', signal });

    expect(ranges(fixture.registry)).toEqual(['bytes=300000-999999']);
    await mirror.close();
  });

  it('goes on where it stopped when the service has ended in the middle', async () => {
    fixture.registry.spoil = breakOnce(700_000, 'hang');
    const pulling = fixture.pull('app:v1').catch(() => undefined);
    const partial = join(fixture.root, 'store/ingest', `partial-${blob.replace(':', '-')}`);
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await readdir(join(fixture.root, 'store/ingest'))).length > 0 && (await sizeOf(partial)) >= 500_000) break;
      await sleep(20);
    }
    await fixture.reopen();
    await pulling;
    fixture.registry.seen.length = 0;

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });

    expect(ranges(fixture.registry)).toEqual([expect.stringMatching(/^bytes=[567]\d{5}-999999$/)]);
    expect(await readdir(join(fixture.root, 'store/ingest'))).toEqual([]);
  });

  it('starts again when what an earlier one left is wrong', async () => {
    await writeFile(join(fixture.root, 'store/ingest', `partial-${blob.replace(':', '-')}`), Buffer.alloc(500_000));

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });

    expect(ranges(fixture.registry)).toEqual(['bytes=500000-999999', undefined]);
  });

  it('fetches a large blob in ranges, none of them twice', async () => {
    await fixture.reopen({ tuning: { chunkBytes: 100_000, rangesAtOnce: 3 } });

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });

    const wanted = Array.from({ length: 10 }, (_, index) => `bytes=${index}00000-${index}99999`);
    wanted[0] = 'bytes=0-99999';
    expect([...ranges(fixture.registry)].sort()).toEqual(wanted.sort());
  });

  it('takes a large blob in one go from a registry that knows no ranges', async () => {
    await fixture.reopen({ tuning: { chunkBytes: 100_000, rangesAtOnce: 3 } });
    fixture.registry.spoil = (request, _response, next) => {
      delete request.headers.range;
      next();
    };

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });

    expect(fixture.registry.seenAt(blob)).toHaveLength(1);
  });

  it('gives up one that only trickles, naming layer, registry and rate', async () => {
    await fixture.reopen({ tuning: { minBytesPerSecond: 5000 }, timeouts: { bodyMs: 800 } });
    fixture.registry.spoil = (request, response, next) => {
      if (request.url?.includes(blob) !== true) {
        next();
        return;
      }
      response.writeHead(200, { 'content-length': big.length });
      const drip = setInterval(() => response.write(Buffer.alloc(100)), 100);
      response.on('close', () => clearInterval(drip));
    };

    await expect(fixture.pull('app:v1')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        `^RegistryUnavailable: .*layer "${blob}".*registry "${fixture.registry.address}".* at \\d+ bytes a second`,
      ),
    });
  });

  it('shows no credentials to the storage that the registry sends it to', async () => {
    const seen: (string | undefined)[] = [];
    const storage: Server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(big);
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/blob`;
    fixture.registry.spoil = (request, response, next) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (request.url?.includes(blob) === true) response.writeHead(307, { location }).end();
      else next();
    };
    const auth = { username: 'u', password: 'p', auth: '', serverAddress: '', identityToken: '', registryToken: '' };

    await expect(fixture.pull('app:v1', { auth })).resolves.toMatchObject({ id: image.id });

    expect(seen).toEqual([undefined]);
    storage.closeAllConnections();
    await new Promise((resolve) => storage.close(resolve));
  });
});

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

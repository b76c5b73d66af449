import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sleep } from '../../../src/async/timeout.ts';
import { digestOf } from '../../../src/image/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-types.ts';
import { hostPlatform } from '../../../src/image/platform.ts';
import type { LayerProgress } from '../../../src/image/service.ts';
import { makeImage, makeIndex, serve, type FakeImage } from '../../fakes/fake-image.ts';
import type { Spoil } from '../../fakes/fake-registry.ts';
import { makeFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
let image: FakeImage;
beforeEach(async () => {
  fixture = await makeFixture();
  image = makeImage();
  serve(fixture.registry, image, 'app', 'v1');
});
afterEach(() => fixture.close());

describe('ImageService.pull()', () => {
  it('returns the id and makes the image visible under its names', async () => {
    const record = await fixture.pull('app:v1');

    const repository = `${fixture.registry.address}/app`;
    expect(record.id).toBe(image.id);
    expect(record.repoTags).toEqual([`${repository}:v1`]);
    expect(record.repoDigests).toEqual([`${repository}@${image.manifestDigest}`]);
    expect(record.config).toMatchObject({ user: '7', env: ['A=b'], cmd: ['/bin/x'], entrypoint: [] });
    expect(record.sizeBytes).toBeGreaterThan(200_000);
    expect(fixture.layers.unpacked).toHaveLength(2);
    expect(fixture.service.list()).toEqual([record]);
  });

  it('takes the manifest for this host out of an index', async () => {
    const foreign = makeImage({ platform: { architecture: 's390x' } });
    const index = makeIndex([
      [foreign, { os: 'linux', architecture: 's390x' }],
      [image, hostPlatform()],
    ]);
    fixture.registry.put('/v2/app/manifests/multi', OCI_INDEX, index);

    const record = await fixture.pull('app:multi');

    expect(record.id).toBe(image.id);
    expect(record.manifestDigest).toBe(image.manifestDigest);
    expect(record.repoDigests[0]).toContain(digestOf(index));
  });

  it('keeps no tag that came beside a digest', async () => {
    const record = await fixture.pull(`app:whatever@${image.manifestDigest}`);

    expect(record.repoTags).toEqual([]);
    expect(fixture.service.find(record.repoDigests[0]!)).toEqual(record);
  });

  it('joins equal pulls and fetches each layer once for different ones', async () => {
    serve(fixture.registry, image, 'app', 'v2');

    const records = await Promise.all([fixture.pull('app:v1'), fixture.pull('app:v1'), fixture.pull('app:v2')]);

    expect(new Set(records.map((record) => record.id)).size).toBe(1);
    expect(fixture.registry.seenAt('/manifests/v1')).toHaveLength(1);
    for (const layer of image.layers) expect(fixture.registry.seenAt(digestOf(layer))).toHaveLength(1);
    expect(fixture.service.list()[0]?.repoTags).toHaveLength(2);
  });

  it('goes on for the second caller when the first one leaves', async () => {
    fixture.registry.spoil = (request, _response, next) =>
      void setTimeout(next, request.url?.includes('blobs') ? 100 : 0);
    const leaving = new AbortController();
    const first = fixture.pull('app:v1', { signal: leaving.signal });
    const second = fixture.pull('app:v1');
    setTimeout(() => leaving.abort(), 50);

    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    await expect(second).resolves.toMatchObject({ id: image.id });
  });

  it('moves the tag to the new image and keeps the old one by digest', async () => {
    await fixture.pull('app:v1');
    const newer = makeImage({ label: 'newer' });
    serve(fixture.registry, newer, 'app', 'v1');

    const record = await fixture.pull('app:v1');

    expect(record.id).toBe(newer.id);
    const old = fixture.service.find(image.id);
    expect(old?.repoTags).toEqual([]);
    expect(old?.repoDigests).toHaveLength(1);
  });

  it('reports every layer as done at the end', async () => {
    const reports: (readonly LayerProgress[])[] = [];

    await fixture.pull('app:v1', { onProgress: (layers) => reports.push(layers) });
    expect(reports.at(-1)).toEqual(
      image.layers.map((layer) => ({
        digest: digestOf(layer),
        state: 'done',
        doneBytes: layer.length,
        totalBytes: layer.length,
      })),
    );
  });

  it('resumes a blob where the connection broke', async () => {
    const big = digestOf(image.layers[1]!);
    let broken = 0;
    fixture.registry.spoil = (request, response, next) => {
      if (!request.url?.includes(big) || broken++ > 0) {
        next();
        return;
      }
      response.writeHead(200, { 'content-length': image.layers[1]!.length });
      response.write(image.layers[1]!.subarray(0, 70_000), () => setTimeout(() => response.destroy(), 50));
    };

    await fixture.pull('app:v1');

    expect(fixture.registry.seenAt(big).map(({ range }) => range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=/),
    ]);
  });
});

// Downloads beside the failing one are stopped, and end a moment later.
async function ingestsLeft(): Promise<readonly string[]> {
  const directory = join(fixture.root, 'store/ingest');
  for (let tries = 0; tries < 50 && (await readdir(directory)).length > 0; tries += 1) await sleep(20);
  return readdir(directory);
}

interface HostileCase {
  readonly name: string;
  /** Spoils the answers whose path contains this. */
  readonly at: string | ((image: FakeImage) => string);
  readonly spoil: Spoil;
  readonly code: string;
  readonly message: RegExp;
}

const layerOf = ({ layers }: FakeImage) => digestOf(layers[0]!);
const hostile: readonly HostileCase[] = [
  {
    name: 'a layer with the wrong content',
    at: layerOf,
    spoil: (_request, response) => response.end(Buffer.alloc(3000)),
    code: 'data-loss',
    message: /layer "sha256:.*wrong content.*digest/,
  },
  {
    name: 'a layer that is too long',
    at: layerOf,
    spoil: (_request, response) => response.end(Buffer.alloc(100_000)),
    code: 'data-loss',
    message: /layer "sha256:.*larger than the 3000 bytes/,
  },
  {
    name: 'a layer that is too short',
    at: layerOf,
    spoil: (_request, response) => response.end(Buffer.alloc(10)),
    code: 'data-loss',
    message: /layer "sha256:.*has 10 bytes/,
  },
  {
    name: 'a layer that stops coming',
    at: layerOf,
    spoil: (_request, response) => {
      response.writeHead(200, { 'content-length': 3000 });
      response.write('x');
    },
    code: 'unavailable',
    message: /RegistryUnavailable: .*layer "sha256:.*registry "127.*at \d bytes a second for 1.5 s; at least 1024/,
  },
  {
    name: 'silence',
    at: '/manifests/',
    spoil: () => undefined,
    code: 'unavailable',
    message: /RegistryUnavailable: .*no answer in time/,
  },
  {
    name: 'a manifest with another digest than claimed',
    at: '/manifests/',
    spoil: (_request, response, next) => {
      response.setHeader('docker-content-digest', digestOf('other'));
      next();
    },
    code: 'data-loss',
    message: /instead of "sha256:/,
  },
  {
    name: 'a web page',
    at: '/manifests/',
    spoil: (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    code: 'unavailable',
    message: /RegistryUnavailable: .*web page/,
  },
  {
    name: 'docker schema 1',
    at: '/manifests/',
    spoil: (_request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' })
        .end('{"schemaVersion":1}'),
    code: 'failed-precondition',
    message: /schema 1.*no longer supported/,
  },
  {
    name: 'an artifact with a title that climbs',
    at: '/manifests/',
    spoil: (_request, response) => {
      const blob = { mediaType: 'application/x-wasm', digest: digestOf('x'), size: 1 };
      const layer = { ...blob, annotations: { 'org.opencontainers.image.title': '../x' } };
      const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob, layers: [layer] };
      response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(JSON.stringify(manifest));
    },
    code: 'invalid-argument',
    message: /has the title "\.\.\/x", which is no plain relative path/,
  },
  {
    name: 'an endless rate limit',
    at: '/manifests/',
    spoil: (_request, response) => response.writeHead(429, { 'retry-after': '3600' }).end(),
    code: 'unavailable',
    message: /RegistryUnavailable: .*rate/,
  },
  {
    name: 'an internal error that stays',
    at: '/manifests/',
    spoil: (_request, response) => response.writeHead(500).end(),
    code: 'unavailable',
    message: /RegistryUnavailable: .*500/,
  },
  {
    name: 'a demand for credentials we do not have',
    at: '/manifests/',
    spoil: (_request, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    code: 'unauthenticated',
    message: /asks for credentials/,
  },
  {
    name: 'a refusal',
    at: '/manifests/',
    spoil: (_request, response) => response.writeHead(403).end(),
    code: 'permission-denied',
    message: /does not allow/,
  },
  {
    name: 'redirects without an end',
    at: '/manifests/',
    spoil: (request, response) => response.writeHead(307, { location: request.url ?? '' }).end(),
    code: 'unavailable',
    message: /more than 5 redirects/,
  },
];

describe('ImageService.pull() with a hostile registry', () => {
  it.each(hostile)('answers $name with $code and stores nothing half', async ({ at, spoil, code, message }) => {
    const part = typeof at === 'string' ? at : at(image);
    fixture.registry.spoil = (request, response, next) => {
      if (request.url?.includes(part)) spoil(request, response, next);
      else next();
    };

    const pull = fixture.pull('app:v1');

    await expect(pull).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(fixture.service.list()).toEqual([]);
    expect(await ingestsLeft()).toEqual([]);
  });

  it('starts the message of an unreachable registry with RegistryUnavailable', async () => {
    const reference = '127.0.0.1:1/app:v1';

    const pull = fixture.service.pull({ reference, runtimeHandler: '', signal: new AbortController().signal });

    await expect(pull).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^RegistryUnavailable: /),
    });
  });

  it('says that an unknown tag is not found', async () => {
    await expect(fixture.pull('app:v9')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('waits as long as a busy registry asks for, and tries again', async () => {
    let asked = 0;
    fixture.registry.spoil = (_request, response, next) => {
      if (asked++ === 0) response.writeHead(429, { 'retry-after': '0' }).end();
      else next();
    };

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });
  });

  it('stops at once when the caller goes', async () => {
    fixture.registry.spoil = () => undefined;
    const started = Date.now();

    const pull = fixture.pull('app:v1', { signal: AbortSignal.timeout(50) });

    await expect(pull).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(Date.now() - started).toBeLessThan(1200);
  });
});

// Registries that are down, slow, lying or locked: prompt errors, nothing half stored, and the next good pull works.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../src/image/digest.ts';
import { makeImage, serve } from '../fakes/fake-image.ts';
import { FakeRegistry, type Spoil } from '../fakes/fake-registry.ts';
import { tar } from '../support/tar-builder.ts';
import { TestDaemon } from './daemon.ts';

const PROMPT_MS = 8000;

describe('PullImage from a registry that', () => {
  const daemon = new TestDaemon();
  const { client } = daemon;
  const registry = new FakeRegistry();
  const big = tar([{ path: 'big', content: randomBytes(400_000) }]);
  const image = makeImage({ layers: [tar([{ path: 'etc/hello', content: 'hello' }]), big] });
  const good = { image: { image: 'fake.test/good:1' } };

  beforeAll(async () => {
    await registry.listen();
    serve(registry, image, 'good', '1');
    daemon.writeMirror('fake.test', `http://${registry.address}`);
    daemon.writeMirror('down.test', 'http://127.0.0.1:9');
    daemon.writeDropIn('[images]\nprogress_timeout = "1s"\nresponse_timeout = "1s"\nconnect_timeout = "1s"\n');
    await daemon.start();
  }, 30_000);

  afterEach(async () => {
    expect(await halfStored()).toEqual({ images: 0, files: [] });
    registry.spoil = (_request, _response, next) => next();
    await client.call('PullImage', good);
    await client.call('RemoveImage', good);
    expect(await usedBytes()).toBe('0');
  });

  afterAll(async () => {
    await daemon.destroy();
    await registry.close();
  });

  /** Images, and files that are not whole; waits a little for what is removed in the background. */
  async function halfStored(): Promise<object> {
    for (let tries = 0; ; tries += 1) {
      const { images } = await client.call('ListImages', {});
      const files = readdirSync(join(daemon.root, 'image'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /ingest|tmp/.test(entry.parentPath.slice(daemon.root.length)))
        .map(({ parentPath, name }) => join(parentPath, name));
      if (files.length === 0 || tries === 40) return { images: images.length, files };
      await sleep(50);
    }
  }

  async function usedBytes(): Promise<string | undefined> {
    const { imageFilesystems } = await client.call('ImageFsInfo', {});
    return imageFilesystems[0]?.usedBytes?.value;
  }

  const only =
    (part: string, spoil: Spoil): Spoil =>
    (request, response, next) => {
      if ((request.url ?? '').includes(part)) spoil(request, response, next);
      else next();
    };
  const status =
    (code: number, headers: Record<string, string> = {}): Spoil =>
    (_request, response) =>
      void response.writeHead(code, headers).end();
  const bigBlob = `/blobs/${digestOf(big)}`;

  const cases: readonly {
    readonly what: string;
    readonly reference?: string;
    readonly spoil: Spoil;
    readonly code: string;
    readonly details: RegExp;
  }[] = [
    {
      what: 'is down',
      reference: 'down.test/good:1',
      spoil: status(200),
      code: 'UNAVAILABLE',
      details: /^RegistryUnavailable: .*127\.0\.0\.1:9.*nothing listens there/,
    },
    {
      what: 'answers 500',
      spoil: status(500),
      code: 'UNAVAILABLE',
      details: /^RegistryUnavailable: .*status 500/,
    },
    {
      what: 'limits requests',
      spoil: status(429),
      code: 'UNAVAILABLE',
      details: /^RegistryUnavailable: .*rate/,
    },
    {
      what: 'asks for credentials',
      spoil: status(401, { 'www-authenticate': 'Basic realm="fake"' }),
      code: 'UNAUTHENTICATED',
      details: /asks for credentials/,
    },
    {
      what: 'forbids',
      spoil: status(403),
      code: 'PERMISSION_DENIED',
      details: /does not allow access/,
    },
    {
      what: 'never answers',
      spoil: () => undefined,
      code: 'UNAVAILABLE',
      details: /^RegistryUnavailable: .*sent no answer in time/,
    },
    {
      what: 'stops in the middle of a layer',
      spoil: only(bigBlob, (_request, response) => {
        response.writeHead(200, { 'content-length': big.length });
        response.write(big.subarray(0, 1000));
      }),
      code: 'UNAVAILABLE',
      details: /^RegistryUnavailable: /,
    },
    {
      what: 'sends other bytes than the digest promises',
      spoil: only(bigBlob, (_request, response) => void response.writeHead(200).end(randomBytes(big.length))),
      code: 'DATA_LOSS',
      details: /sha256:/,
    },
    {
      what: 'sends a page instead of a manifest',
      spoil: only('/manifests/', (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>');
      }),
      code: 'UNAVAILABLE',
      details: /^RegistryUnavailable: .*it answered a web page/,
    },
  ];

  it.each(cases)(
    '$what',
    async ({ reference = good.image.image, spoil, code, details }) => {
      registry.spoil = spoil;
      const started = performance.now();
      const failure = await client.failure('PullImage', { image: { image: reference } });
      expect(failure).toEqual({ code, details: expect.stringMatching(details) });
      expect(performance.now() - started).toBeLessThan(PROMPT_MS);
    },
    20_000,
  );

  it('refuses the credentials, which the message does not repeat', async () => {
    registry.spoil = status(401, { 'www-authenticate': 'Basic realm="fake"' });
    const auth = { username: 'somebody', password: 'hunter2' };
    // By its own address: credentials of a registry are not shown to its mirrors.
    const own = { image: { image: `${registry.address}/good:1` } };
    const failure = await client.failure('PullImage', { ...own, auth });
    expect(failure).toEqual({ code: 'UNAUTHENTICATED', details: expect.stringMatching(/refused the credentials/) });
    expect(failure.details).not.toContain('hunter2');
    expect(daemon.log()).not.toContain('hunter2');
  });

  it('is slow: the pull ends with its caller', async () => {
    registry.spoil = only(bigBlob, (_request, response) => {
      response.writeHead(200, { 'content-length': big.length });
      const drip = setInterval(() => response.write(Buffer.alloc(10)), 100);
      response.on('close', () => clearInterval(drip));
    });
    const pull = client.call('PullImage', good, 700);
    await expect(pull).rejects.toMatchObject({ details: expect.stringMatching(/deadline/i) });
  });
});

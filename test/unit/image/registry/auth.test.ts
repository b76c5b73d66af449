import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RegistryAuth } from '../../../../src/image/service.ts';
import { makeImage, serve, type FakeImage } from '../../../fakes/fake-image.ts';
import { FakeRegistry } from '../../../fakes/fake-registry.ts';
import { makeFixture, type Fixture } from '../fixture.ts';

const NONE: RegistryAuth = {
  username: '',
  password: '',
  auth: '',
  serverAddress: '',
  identityToken: '',
  registryToken: '',
};
const base64 = (text: string) => Buffer.from(text).toString('base64');
const BASIC = `Basic ${base64('user:s3same')}`;

let fixture: Fixture;
let image: FakeImage;
beforeEach(async () => {
  fixture = await makeFixture();
  image = makeImage();
  serve(fixture.registry, image, 'app', 'v1');
});
afterEach(() => fixture.close());

/** Lets only requests with this Authorization header in; sends the others to `challenge`. */
function demand(authorization: string, challenge: () => string): void {
  fixture.registry.spoil = (request, response, next) => {
    if (request.url?.startsWith('/token') || request.headers.authorization === authorization) next();
    else response.writeHead(401, { 'www-authenticate': challenge() }).end();
  };
}

/** A token server beside the registry, which answers whatever `answer` says. */
function tokenServer(answer: (request: IncomingMessage, body: string, response: ServerResponse) => void): () => string {
  const before = fixture.registry.spoil;
  fixture.registry.spoil = (request, response, next) => {
    if (!request.url?.startsWith('/token')) {
      before(request, response, next);
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => answer(request, body, response));
  };
  return () => `Bearer realm="http://${fixture.registry.address}/token",service="svc",scope="repository:app:pull"`;
}

describe('authentication at a registry', () => {
  it.each([
    { name: 'username and password', auth: { username: 'user', password: 's3same' } },
    { name: 'the auth field', auth: { auth: base64('user:s3same') } },
    { name: 'the auth field padded with NULs', auth: { auth: base64('user:s3same\0\0') } },
  ])('answers a Basic challenge with $name', async ({ auth }) => {
    demand(BASIC, () => 'Basic realm="x"');

    await expect(fixture.pull('app:v1', { auth: { ...NONE, ...auth } })).resolves.toMatchObject({ id: image.id });
    // Asked once, then sent with every request.
    expect(fixture.registry.seen.filter(({ authorization }) => authorization === undefined)).toHaveLength(1);
  });

  it('fetches an anonymous token for the scope and uses it', async () => {
    const challenge = () => realm();
    demand('Bearer T', challenge);
    const realm = tokenServer((request, _body, response) => {
      const isRight = request.url === '/token?service=svc&scope=repository%3Aapp%3Apull';
      response.writeHead(isRight ? 200 : 400).end('{"token":"T"}');
    });

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });
    expect(fixture.registry.seenAt('/token')).toEqual([expect.objectContaining({ authorization: undefined })]);
  });

  it('shows the password to the token server', async () => {
    demand('Bearer T', () => realm());
    const realm = tokenServer((request, _body, response) => {
      response.writeHead(request.headers.authorization === BASIC ? 200 : 401).end('{"access_token":"T"}');
    });

    const auth = { ...NONE, username: 'user', password: 's3same' };
    await expect(fixture.pull('app:v1', { auth })).resolves.toMatchObject({ id: image.id });
  });

  it('trades an identity token by the refresh grant', async () => {
    demand('Bearer T', () => realm());
    const realm = tokenServer((request, body, response) => {
      const form = new URLSearchParams(body);
      const isRight =
        request.method === 'POST' && form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === 'ID';
      response.writeHead(isRight ? 200 : 400).end('{"access_token":"T"}');
    });

    const auth = { ...NONE, identityToken: 'ID' };
    await expect(fixture.pull('app:v1', { auth })).resolves.toMatchObject({ id: image.id });
  });

  it('sends a registry token as it is', async () => {
    demand('Bearer verbatim', () => 'Bearer realm="http://127.0.0.1:1/token"');

    const auth = { ...NONE, registryToken: 'verbatim' };
    await expect(fixture.pull('app:v1', { auth })).resolves.toMatchObject({ id: image.id });
  });

  it('fetches a new token when the old one expires in the middle', async () => {
    let issued = 0;
    const realm = tokenServer((_request, _body, response) => response.end(`{"token":"T${++issued}"}`));
    const tokens = fixture.registry.spoil;
    let manifests = 0;
    fixture.registry.spoil = (request, response, next) => {
      if (request.url?.startsWith('/token')) tokens(request, response, next);
      else if (request.headers.authorization === `Bearer T${manifests === 0 ? 1 : 2}`) {
        manifests += 1;
        next();
      } else response.writeHead(401, { 'www-authenticate': realm() }).end();
    };

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });
  });

  it.each([
    { answer: '<html>log in</html>', why: 'its token server sent no JSON; is a proxy or login page in the way?' },
    { answer: 'null', why: 'its token server sent no token' },
    { answer: '{"token":5}', why: 'its token server sent no token' },
    { answer: '{"token":""}', why: 'its token server sent no token' },
  ])('says that $answer is no token', async ({ answer, why }) => {
    demand('Bearer T', () => realm());
    const realm = tokenServer((_request, _body, response) => response.end(answer));

    await expect(fixture.pull('app:v1')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(why),
    });
  });

  it('says that credentials were refused, without showing them', async () => {
    demand('Basic other', () => 'Basic realm="x"');

    const pull = fixture.pull('app:v1', { auth: { ...NONE, username: 'user', password: 's3same' } });

    await expect(pull).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringMatching(/^(?!.*s3same).*refused the credentials/),
    });
  });

  it('does not show credentials meant for another host', async () => {
    demand(BASIC, () => 'Basic realm="x"');

    const auth = { ...NONE, username: 'user', password: 's3same', serverAddress: 'https://other.example/v1/' };
    await expect(fixture.pull('app:v1', { auth })).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(fixture.registry.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('drops the credentials when it is sent to another host', async () => {
    const storage = new FakeRegistry();
    await storage.listen();
    try {
      serve(storage, image, 'app', 'v1');
      fixture.registry.spoil = (request, response, next) => {
        if (request.headers.authorization !== BASIC)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else if (request.url?.includes('/blobs/'))
          response.writeHead(307, { location: `http://${storage.address}${request.url}` }).end();
        else next();
      };

      await fixture.pull('app:v1', { auth: { ...NONE, username: 'user', password: 's3same' } });

      expect(storage.seen).toHaveLength(3);
      expect(storage.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
    } finally {
      await storage.close();
    }
  });
});

describe("credentials of docker's config file", () => {
  async function configure(config: object): Promise<void> {
    const dockerConfigPath = join(fixture.root, 'config.json');
    await writeFile(dockerConfigPath, JSON.stringify(config));
    await fixture.reopen({ dockerConfigPath });
    demand(BASIC, () => 'Basic realm="x"');
  }

  it('are used for their host when the request brings none', async () => {
    await configure({ auths: { [`https://${fixture.registry.address}/v1/`]: { auth: base64('user:s3same') } } });

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });
  });

  it('give way to those of the request', async () => {
    await configure({ auths: { [fixture.registry.address]: { auth: base64('user:stale') } } });

    const auth = { ...NONE, username: 'user', password: 's3same' };
    await expect(fixture.pull('app:v1', { auth })).resolves.toMatchObject({ id: image.id });
  });

  it('that name a missing helper make a clear error', async () => {
    await configure({ credHelpers: { [fixture.registry.address]: 'crisol-none' } });

    await expect(fixture.pull('app:v1')).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining('credential helper "docker-credential-crisol-none" is not installed'),
    });
  });

  it('that cannot be parsed make a clear error', async () => {
    await configure({});
    await writeFile(join(fixture.root, 'config.json'), '{');
    await chmod(join(fixture.root, 'config.json'), 0o600);

    await expect(fixture.pull('app:v1')).rejects.toMatchObject({ message: expect.stringContaining('is not JSON') });
  });
});

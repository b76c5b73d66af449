import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeImage, serve } from '../../../fakes/fake-image.ts';
import { makeFixture, type Fixture } from '../fixture.ts';

let fixture: Fixture;
let proxy: Server;
let seen: string[];
beforeEach(async () => {
  seen = [];
  fixture = await makeFixture();
  proxy = createServer((request, response) => {
    const { host, pathname, search } = new URL(request.url ?? '');
    seen.push(host);
    const [hostname, port] = fixture.registry.address.split(':');
    const { method, headers } = request;
    const upstream = send({ hostname, port, method, headers, path: pathname + search }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  proxy.on('connect', (request, socket) => {
    seen.push(`tunnel to ${request.url}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  process.env['https_proxy'] = process.env['http_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterEach(async () => {
  delete process.env['http_proxy'];
  delete process.env['https_proxy'];
  await fixture.close();
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});

describe('AgentPool', () => {
  it('goes through the proxy that the environment names', async () => {
    const image = makeImage();
    serve(fixture.registry, image, 'app', 'v1');
    const directory = `${fixture.root}/hosts/registry.test`;
    await mkdir(directory, { recursive: true });
    await writeFile(`${directory}/hosts.toml`, 'server = "http://registry.test:8080"');

    const signal = new AbortController().signal;
    const record = await fixture.service.pull({ reference: 'registry.test/app:v1', runtimeHandler: '', signal });

    expect(record.id).toBe(image.id);
    expect(new Set(seen)).toEqual(new Set(['registry.test:8080']));
  });

  it('asks it for a tunnel to a registry with TLS', async () => {
    const signal = new AbortController().signal;
    const pull = fixture.service.pull({ reference: 'secure.test/app:v1', runtimeHandler: '', signal });

    await expect(pull).rejects.toThrow('registry "secure.test" cannot be used: Proxy response (403)');
    expect(new Set(seen)).toEqual(new Set(['tunnel to secure.test:443']));
  });

  it('reaches this machine without it', async () => {
    const image = makeImage();
    serve(fixture.registry, image, 'app', 'v1');

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });
    expect(seen).toEqual([]);
  });
});

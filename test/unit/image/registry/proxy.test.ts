import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeImage, serve } from '../../../fakes/fake-image.ts';
import { makeFixture, type Fixture } from '../fixture.ts';

let fixture: Fixture;
let proxy: Server;
let tunnels: string[];
beforeEach(async () => {
  tunnels = [];
  fixture = await makeFixture();
  proxy = createServer();
  proxy.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '');
    const [host, port] = fixture.registry.address.split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream]) end.on('error', () => undefined);
    socket.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  process.env['http_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterEach(async () => {
  delete process.env['http_proxy'];
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
    expect(new Set(tunnels)).toEqual(new Set(['registry.test:8080']));
  });

  it('reaches this machine without it', async () => {
    const image = makeImage();
    serve(fixture.registry, image, 'app', 'v1');

    await expect(fixture.pull('app:v1')).resolves.toMatchObject({ id: image.id });
    expect(tunnels).toEqual([]);
  });
});

// The real crictl against a streaming server that speaks TLS and wants certificates of its clients.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const pem = (name: string) => join(lab('REPO'), 'test/fixtures/tls', name);
const AUTHORITY = ['--tls-ca', pem('ca.crt'), '--tls-server-name', 'localhost'];
const OURS = [...AUTHORITY, '--tls-cert', pem('client.crt'), '--tls-key', pem('client.key')];
let pod = '';
let container = '';

beforeAll(async () => {
  const files = { tls_cert: 'server.crt', tls_key: 'server.key', tls_client_ca: 'ca.crt' };
  const lines = Object.entries(files).map(([key, name]) => `${key} = "${pem(name)}"\n`);
  daemon.writeDropIn(`[streaming]\n${lines.join('')}`);
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
  pod = await pods.run('tls');
  const serve = 'echo served >/page; httpd -p 127.0.0.1:8080 -h /; sleep 86399';
  container = await pods.start(pod, 'main', serve);
}, 60_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 30_000);

describe.each(['spdy', 'websocket'])('crictl over TLS and %s', (transport) => {
  it('exec: brings output and exit code', async () => {
    const shell = ['-r', transport, ...OURS, container, 'sh', '-c'];
    expect(await daemon.crictl('exec', ...shell, 'echo safely')).toBe('safely');
    await expect(daemon.crictl('exec', ...shell, 'exit 3')).rejects.toMatchObject({
      stderr: expect.stringContaining('exit code 3'),
    });
  });

  it('exec: is refused without a certificate of its own', async () => {
    await expect(daemon.crictl('exec', '-r', transport, ...AUTHORITY, container, 'true')).rejects.toMatchObject({
      stderr: expect.stringMatching(/certificate|tls|EOF|reset/i),
    });
  });

  it('port-forward: reaches the pod', async () => {
    const port = transport === 'spdy' ? 18_090 : 18_091;
    const args = ['-r', `unix://${daemon.socket}`, 'port-forward', '-r', transport, ...OURS, pod, `${port}:8080`];
    const forward = spawn('crictl', args);
    try {
      await once(forward.stdout, 'data');
      const [response] = (await once(get(`http://127.0.0.1:${port}/page`), 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe('served\n');
    } finally {
      forward.kill();
    }
  });
});

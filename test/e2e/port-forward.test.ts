// Port-forward with crictl, over both transports: a gigabyte arrives whole, and either loopback of a pod and the
// host's network are reached.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { crictl, IMAGE, PodFiles } from './lab.ts';

/** In megabytes. */
const GIGABYTE = 1024;
const HOST_NETWORK = { security_context: { namespace_options: { network: 2 } } };
const files = new PodFiles();
const www = join(files.directory, 'www');
let pod = '';
let hostPod = '';
let digests = { big: '', small: '' };

/** Writes a file in which no two blocks are alike; returns its digest. */
function writeFile(name: string, megabytes: number): string {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const hash = createHash('sha256');
  const file = openSync(join(www, name), 'w');
  const zeros = Buffer.alloc(1 << 20);
  for (let count = 0; count < megabytes; count += 1) {
    const block = stream.update(zeros);
    hash.update(block);
    writeSync(file, block);
  }
  closeSync(file);
  return hash.digest('hex');
}

async function serve(name: string, listen: string, linux = {}): Promise<string> {
  const podFile = files.pod(name, { linux });
  const id = await crictl('runp', podFile);
  const mounts = [{ container_path: '/www', host_path: www, readonly: true }];
  const script = `${listen}; echo ready; while :; do sleep 60; done`;
  const container = await crictl('create', id, files.container(name, script, linux, { mounts }), podFile);
  await crictl('start', container);
  return id;
}

beforeAll(async () => {
  mkdirSync(www);
  digests = { big: writeFile('big', GIGABYTE), small: writeFile('small', 10) };
  await crictl('pull', IMAGE);
  pod = await serve('ports', 'httpd -p 127.0.0.1:8080 -h /www; httpd -p "[::1]:8081" -h /www');
  hostPod = await serve('host-ports', 'httpd -p 127.0.0.1:18082 -h /www', HOST_NETWORK);
}, 120_000);

afterAll(async () => {
  await crictl('rmp', '--force', pod, hostPod);
  files.remove();
}, 60_000);

/** Runs `action` with a local port that crictl forwards. */
async function forwarded(args: readonly string[], action: () => Promise<void>): Promise<void> {
  const child = spawn('crictl', ['port-forward', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    await once(child.stdout, 'data');
    await action();
  } finally {
    child.kill();
  }
}

async function fetchHash(port: number, path: string): Promise<string> {
  const [response] = (await once(get(`http://127.0.0.1:${port}${path}`), 'response')) as [IncomingMessage];
  const hash = createHash('sha256');
  for await (const chunk of response as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

describe.each(['spdy', 'websocket'])('crictl port-forward over %s', (transport) => {
  const flags = ['-r', transport];

  it('moves 1 GB whole', async () => {
    await forwarded([...flags, pod, '19080:8080'], async () => {
      expect(await fetchHash(19_080, '/big')).toBe(digests.big);
    });
  }, 300_000);

  it.each([
    { from: "the pod's IPv6 loopback", args: () => [pod, '19081:8081'], port: 19_081 },
    { from: 'a pod with the network of the host', args: () => [hostPod, '19082:18082'], port: 19_082 },
  ])(
    'reaches $from',
    async ({ args, port }) => {
      await forwarded([...flags, ...args()], async () => {
        expect(await fetchHash(port, '/small')).toBe(digests.small);
      });
    },
    60_000,
  );

  it('breaks the connection to a port where nobody listens, and serves the next client', async () => {
    await forwarded([...flags, pod, '19084:1'], async () => {
      await expect(fetchHash(19_084, '/')).rejects.toThrow();
    });
    await forwarded([...flags, pod, '19085:8080'], async () => {
      await expect(fetchHash(19_085, '/nothing')).resolves.toMatch(/^\w+$/);
    });
  }, 60_000);
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resolveHosts } from '../../../../src/image/registry/hosts.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'crisol-hosts-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function configure(directory: string, file: string, text: string): Promise<void> {
  await mkdir(join(root, directory), { recursive: true });
  await writeFile(join(root, directory, file), text);
}

async function urls(domain: string): Promise<readonly string[]> {
  return (await resolveHosts([join(root, 'none'), root], domain)).map(({ url }) => url.href);
}

describe('resolveHosts()', () => {
  it.each([
    { domain: 'quay.io', url: 'https://quay.io/v2' },
    { domain: 'docker.io', url: 'https://registry-1.docker.io/v2' },
    { domain: '127.0.0.1:5000', url: 'http://127.0.0.1:5000/v2' },
    { domain: 'localhost:443', url: 'https://localhost/v2' },
    { domain: 'registry.example:5000', url: 'https://registry.example:5000/v2' },
  ])('takes $domain for itself when nothing is configured', async ({ domain, url }) => {
    expect(await urls(domain)).toEqual([url]);
  });

  it('lists mirrors as written, then the server', async () => {
    const text = `
      server = "https://registry.k8s.io"
      [host."http://mirror.example:8080"]
        capabilities = ["pull", "resolve", "push"]
      [host."https://proxy.example/v2/k8s"]
        override_path = true
      [host."https://deep.example/cache"]
        capabilities = ["pull"]
        header = { x-one = "1", x-two = ["a", "b"] }
        dial_timeout = "1.5s"
        skip_verify = true`;
    await configure('registry.k8s.io', 'hosts.toml', text);

    const hosts = await resolveHosts([root], 'registry.k8s.io');

    expect(hosts.map(({ url }) => url.href)).toEqual([
      'http://mirror.example:8080/v2',
      'https://proxy.example/v2/k8s',
      'https://deep.example/cache/v2',
      'https://registry.k8s.io/v2',
    ]);
    expect(hosts[0]).toMatchObject({ isMirror: true, capabilities: ['pull', 'resolve'] });
    expect(hosts[2]).toMatchObject({
      capabilities: ['pull'],
      headers: { 'x-one': '1', 'x-two': 'a, b' },
      dialTimeoutMs: 1500,
      tls: { skipVerify: true },
    });
    expect(hosts[3]).toMatchObject({ isMirror: false });
  });

  it('knows a directory whose name spells the port with underscores', async () => {
    await configure('host.example_5000_', 'hosts.toml', 'server = "http://host.example:5000"');

    expect(await urls('host.example:5000')).toEqual(['http://host.example:5000/v2']);
  });

  it('falls back to _default for other registries', async () => {
    await configure('_default', 'hosts.toml', '[host."http://cache.example"]');

    expect(await urls('quay.io')).toEqual(['http://cache.example/v2', 'https://quay.io/v2']);
  });

  it('reads the bare certificates of a certs.d directory', async () => {
    await configure('quay.io', 'ca.crt', 'CA');
    await configure('quay.io', 'client.cert', 'CERT');
    await configure('quay.io', 'client.key', 'KEY');

    const [host] = await resolveHosts([root], 'quay.io');

    expect(host?.tls).toEqual({ ca: ['CA'], clients: [{ cert: 'CERT', key: 'KEY' }], skipVerify: false });
  });

  it.each([
    { name: 'no TOML', text: 'server = ', message: /is not TOML/ },
    { name: 'a wrong type', text: '[host."https://x"]\nskip_verify = "yes"', message: /skip_verify/ },
    { name: 'a bad URL', text: '[host."http://[x"]', message: /is not a URL/ },
  ])('names the file when it holds $name', async ({ text, message }) => {
    await configure('quay.io', 'hosts.toml', text);

    const resolving = resolveHosts([root], 'quay.io');

    await expect(resolving).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringMatching(message),
    });
    await expect(resolving).rejects.toThrow('quay.io/hosts.toml');
  });
});

import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttachRequest } from '../../../src/cni/attach-request.ts';
import { bridgeNetwork } from '../../../src/cni/bridge-network.ts';
import { PodNetwork } from '../../../src/cni/pod-network.ts';
import { PodNamespaces } from '../../../src/host/namespaces.ts';
import { spawnProcess } from '../../../src/host/spawn.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { output, requireOwnNetwork } from './own-network.ts';

const PLUGINS = process.env['CNI_PLUGIN_DIR'] ?? '/usr/lib/cni';
let pins: PodNamespaces;
const started: PodNetwork[] = [];
let root: string;

requireOwnNetwork();

beforeAll(async () => {
  await output('/usr/sbin/ip', 'link', 'set', 'lo', 'up');
  pins = await PodNamespaces.start();
  root = await mkdtemp(join(tmpdir(), 'crisol-cni-'));
});

afterAll(async () => {
  started.forEach((network) => network.stop());
  for (const name of await readdir(root)) if (name.startsWith('pod')) pins.unpin(join(root, name));
  await pins.stop();
  await rm(root, { recursive: true, force: true });
});

async function makeNetwork(name: string, subnet: string, extraPlugins: readonly object[] = []): Promise<PodNetwork> {
  const dataDir = join(root, 'leases');
  const list = bridgeNetwork({ name, bridge: name, subnet, hostPorts: true, dataDir }) as { plugins: object[] };
  const network = new PodNetwork({
    confDirs: undefined,
    embedded: { ...list, plugins: [...list.plugins, ...extraPlugins] },
    binDirs: [PLUGINS, join(root, 'bin')],
    cacheDir: join(root, `cache-${name}`),
    pluginTimeoutMs: 20_000,
    log: createLogger('warn'),
  });
  started.push(network);
  await network.start();
  return network;
}

async function makePod(sandboxId: string, hostPort?: number): Promise<AttachRequest> {
  const directory = join(root, sandboxId);
  await pins.pin({ directory, kinds: ['net'], sysctls: {} });
  return {
    sandboxId,
    netnsPath: join(directory, 'net'),
    podName: sandboxId,
    podNamespace: 'default',
    podUid: `uid-${sandboxId}`,
    portMappings: hostPort === undefined ? [] : [{ hostPort, containerPort: 8080, protocol: 'tcp', hostIp: '' }],
    annotations: {},
  };
}

async function leases(name: string): Promise<string[]> {
  const names = await readdir(join(root, 'leases', name)).catch(() => []);
  return names.filter((entry) => /^\d/.test(entry));
}

/** Rules of the nat table for this network's pods, and those of anyone's host ports. */
async function podRules(name: string): Promise<string[]> {
  const rules = await output('/usr/sbin/iptables', '-t', 'nat', '-S');
  return rules.split('\n').filter((rule) => rule.includes(`name: \\"${name}\\"`) || rule.includes('CNI-DN-'));
}

async function links(name: string): Promise<string[]> {
  const ports = await output('/usr/sbin/ip', '-o', 'link', 'show', 'master', name);
  return ports.split('\n').filter(Boolean);
}

function answerOf(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host, port, timeout: 5000 });
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
    socket.on('timeout', () => socket.destroy(new RangeError(`no answer from ${host}:${port}`)));
  });
}

describe('PodNetwork on the reference plugins', () => {
  it('gives a pod an address and a host port, and leaves nothing behind', async () => {
    const network = await makeNetwork('cni-a', '10.88.0.0/16');
    const request = await makePod('pod-a', 18080);
    const inPod = [`--net=${request.netnsPath}`];

    const { ips } = await network.attach(request);

    expect(ips).toEqual(['10.88.0.2']);
    expect(await leases('cni-a')).toEqual(ips);
    expect(await output('/usr/bin/nsenter', ...inPod, '/usr/sbin/ip', '-4', 'addr', 'show', 'eth0')).toContain(
      'inet 10.88.0.2/16',
    );
    const server = spawnProcess({
      file: '/usr/bin/nsenter',
      args: [
        ...inPod,
        process.execPath,
        '-e',
        `require('net').createServer((peer) => peer.end('from the pod\\n')).listen(8080)`,
      ],
      env: { PATH: '/usr/bin:/bin' },
      stdio: [null, null, null],
    });
    await output('/bin/sh', '-c', `until nsenter ${inPod[0] ?? ''} ss -ltn | grep -q :8080; do sleep 0.05; done`);
    expect(await answerOf('10.88.0.1', 18080)).toBe('from the pod\n');
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    expect(await podRules('cni-a')).not.toEqual([]);

    await network.detach('pod-a', request.netnsPath);

    expect(await leases('cni-a')).toEqual([]);
    expect(await podRules('cni-a')).toEqual([]);
    expect(await links('cni-a')).toEqual([]);
    await network.detach('pod-a', request.netnsPath);
  });

  it('passes CHECK until the interface is gone', async () => {
    const network = await makeNetwork('cni-e', '10.88.131.0/24');
    const request = await makePod('pod-e');
    await network.attach(request);

    await network.check('pod-e', request.netnsPath);
    await output('/usr/bin/nsenter', `--net=${request.netnsPath}`, '/usr/sbin/ip', 'link', 'delete', 'eth0');

    await expect(network.check('pod-e', request.netnsPath)).rejects.toThrow('plugin "bridge" failed to CHECK');
    await network.detach('pod-e', request.netnsPath);
  });

  it('frees the address and the host port when the namespace is gone', async () => {
    const network = await makeNetwork('cni-b', '10.88.128.0/24');
    const request = await makePod('pod-b', 18082);
    await network.attach(request);
    pins.unpin(join(root, 'pod-b'));

    await network.detach('pod-b', undefined);

    expect(await leases('cni-b')).toEqual([]);
    expect((await podRules('cni-b')).filter((rule) => rule.includes('CNI-DN-'))).toEqual([]);
    expect(await network.cachedSandboxes()).toEqual([]);
  });

  it('leaves no lease, link or rule when a third plugin fails', async () => {
    await mkdir(join(root, 'bin'));
    const plugin = join(root, 'bin', 'fails');
    await writeFile(
      plugin,
      `#!/bin/sh\n[ "$CNI_COMMAND" = ADD ] || exit 0\necho '{"code":7,"msg":"out of order"}'; exit 1\n`,
    );
    await chmod(plugin, 0o755);
    const network = await makeNetwork('cni-c', '10.88.129.0/24', [{ type: 'fails' }]);

    await expect(network.attach(await makePod('pod-c', 18081))).rejects.toThrow(
      'network "cni-c": plugin "fails" failed to ADD: out of order (code 7)',
    );

    expect(await leases('cni-c')).toEqual([]);
    expect(await podRules('cni-c')).toEqual([]);
    expect(await links('cni-c')).toEqual([]);
    expect(await network.cachedSandboxes()).toEqual([]);
  });

  it('serves pods side by side, all leaving at once', async () => {
    const network = await makeNetwork('cni-d', '10.88.130.0/24');
    const requests = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => makePod(`pod-d${n}`, 18090 + n)));

    const attachments = await Promise.all(requests.map((request) => network.attach(request)));
    expect(new Set(attachments.flatMap(({ ips }) => ips)).size).toBe(6);
    await Promise.all(requests.map(({ sandboxId, netnsPath }) => network.detach(sandboxId, netnsPath)));

    expect(await leases('cni-d')).toEqual([]);
    expect(await podRules('cni-d')).toEqual([]);
  }, 60_000);
});

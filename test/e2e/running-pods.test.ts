// What a running pod has: its process as asked for, its network, its limits, its log, and a daemon that may restart.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerConfigInput } from '../../src/gen/runtime/v1/ContainerConfig.ts';
import type { ContainerStatus } from '../../src/gen/runtime/v1/ContainerStatus.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const FOREVER = 'sleep 86399';
const HOST_PORT = 18_080;
const OWN_PID: ContainerConfigInput = { linux: { securityContext: { namespaceOptions: { pid: 'CONTAINER' } } } };

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);

beforeAll(async () => {
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
}, 30_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 30_000);

/** The status of a container, once it has ended; it has 10 s. */
async function ended(containerId: string): Promise<ContainerStatus> {
  for (let tries = 0; ; tries += 1) {
    const status = await pods.status(containerId);
    if (status.state === 'CONTAINER_EXITED' || tries === 200) return status;
    await sleep(50);
  }
}

async function addressOf(podSandboxId: string): Promise<string> {
  const { status } = await client.call('PodSandboxStatus', { podSandboxId });
  return status?.network?.ip ?? '';
}

describe('a process', () => {
  let pod = '';
  beforeAll(async () => {
    pod = await pods.run('process', { hostname: 'my-host', labels: { app: 'x' } });
  });

  it('has the command, arguments, environment, directory and user it was given', async () => {
    const container = await pods.start(pod, 'given', '', {
      command: ['sh', '-c', 'echo "$0 $1|$GREETING|$(pwd)|$(id -u):$(id -g):$(id -G)|$(hostname)"'],
      args: ['zero', 'one'],
      envs: [{ key: 'GREETING', value: Buffer.from('hello world') }],
      workingDir: '/made/here',
      linux: {
        securityContext: { runAsUser: { value: 1234 }, runAsGroup: { value: 2345 }, supplementalGroups: [3456] },
      },
    });
    expect(await ended(container)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(pods.log('given')).toEqual(['zero one|hello world|/made/here|1234:2345:2345 3456|my-host']);
  });

  it('writes both streams to the log, with time and stream', async () => {
    await ended(await pods.start(pod, 'streams', 'echo out; echo err >&2; printf partial'));
    const lines = readFileSync(join(pods.logs, 'streams.log'), 'utf8').trimEnd().split('\n');
    const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d) (stdout|stderr) [FP] /;
    for (const line of lines) expect(line).toMatch(shape);
    const texts = lines.map((line) => line.split(' ').slice(1).join(' '));
    expect(texts.sort()).toEqual(['stderr F err', 'stdout F out', 'stdout P partial']);
  });

  it('that eats its memory ends as OOMKilled', async () => {
    const linux = { resources: { memoryLimitInBytes: 24 << 20 }, ...OWN_PID.linux };
    const container = await pods.start(pod, 'eater', 'tail /dev/zero', { linux });
    expect(await ended(container)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  }, 15_000);

  it('sees only itself with a pid namespace of its own', async () => {
    const container = await pods.start(pod, 'alone', FOREVER, OWN_PID);
    expect(await pods.exec(container, 'sh', '-c', 'cat /proc/1/cmdline | tr "\\0" " "')).toMatch(/^sleep 86399|^sh -c/);
  });
});

it('containers of a pod with a shared pid namespace see each other', async () => {
  const linux = { securityContext: { namespaceOptions: { pid: 'POD' } } } as const;
  const pod = await pods.run('shared', { linux });
  await pods.start(pod, 'left', 'sleep 11111', { linux });
  const right = await pods.start(pod, 'right', 'sleep 22222', { linux });
  const seen = await pods.exec(right, 'ps', '-o', 'args');
  expect(seen).toContain('sleep 11111');
  expect(seen).toContain('sleep 22222');
});

describe('the network', () => {
  let server = '';
  let client1 = '';
  beforeAll(async () => {
    server = await pods.run('server', { portMappings: [{ containerPort: 8080, hostPort: HOST_PORT }] });
    const serve = 'mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www';
    await pods.start(server, 'httpd', serve);
    client1 = await pods.start(await pods.run('client'), 'client', FOREVER);
    await sleep(200);
  });

  it('takes one pod to another', async () => {
    const address = await addressOf(server);
    expect(address).toMatch(/^10\.88\./);
    expect(await pods.exec(client1, 'wget', '-qO-', `http://${address}:8080/`)).toBe('hello');
    expect(await pods.exec(client1, 'ping', '-c', '1', '-W', '2', address)).toContain('1 packets received');
  });

  it('answers on the host port of a pod, from a pod and from the host', async () => {
    const { stdout } = await execa('ip', ['-4', '-o', 'addr', 'show', 'crisol0']);
    const gateway = /inet ([0-9.]+)/.exec(stdout)?.[1] ?? '';
    expect(await pods.exec(client1, 'wget', '-qO-', `http://${gateway}:${HOST_PORT}/`)).toBe('hello');
    const reply = await fetch(`http://${gateway}:${HOST_PORT}/`);
    expect(await reply.text()).toBe('hello\n');
  });

  it('gives each pod its own hosts, hostname and resolv.conf', async () => {
    const dnsConfig = { servers: ['10.96.0.10'], searches: ['a.b'], options: ['ndots:5'] };
    const pod = await pods.run('named', { dnsConfig });
    const container = await pods.start(pod, 'named', FOREVER);
    expect(await pods.exec(container, 'cat', '/etc/resolv.conf')).toBe(
      'search a.b\nnameserver 10.96.0.10\noptions ndots:5',
    );
    expect(await pods.exec(container, 'cat', '/etc/hosts')).toContain('localhost');
    expect(await pods.exec(container, 'hostname')).toBe('named');
  });
});

describe('a container that runs', () => {
  let pod = '';
  let container = '';
  beforeAll(async () => {
    pod = await pods.run('long');
    const linux = { resources: { memoryLimitInBytes: 64 << 20, cpuShares: 512 } };
    container = await pods.start(pod, 'talks', 'i=0; while :; do echo $i; i=$((i + 1)); sleep 0.01; done', { linux });
  });

  it('gets new limits: in its cgroup, its status, and after a restart of the daemon', async () => {
    const linux = { memoryLimitInBytes: 48 << 20, cpuShares: 256, cpuQuota: 20_000, cpuPeriod: 100_000 };
    await client.call('UpdateContainerResources', { containerId: container, linux });
    const limit = await pods.exec(
      container,
      'sh',
      '-c',
      'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null',
    );
    expect(limit).toBe(String(48 << 20));
    await daemon.restart();
    const status = await pods.status(container);
    expect(status.resources?.linux).toMatchObject({
      memoryLimitInBytes: String(48 << 20),
      cpuShares: '256',
      cpuQuota: '20000',
      cpuPeriod: '100000',
    });
  });

  it('goes on in a new file when its log was rotated, and no line is lost', async () => {
    const path = join(pods.logs, 'talks.log');
    renameSync(path, `${path}.1`);
    await client.call('ReopenContainerLog', { containerId: container });
    expect(existsSync(path)).toBe(true);
    const old = pods.log('talks', '.1').length;
    await sleep(300);
    expect(pods.log('talks', '.1')).toHaveLength(old);
    const numbers = [...pods.log('talks', '.1'), ...pods.log('talks')].map(Number);
    expect(numbers.length).toBeGreaterThan(old);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  it('runs on when the daemon is told to stop, and is known to the next one', async () => {
    const { pid } = daemon;
    await daemon.stop();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const lines = pods.log('talks').length;
    await sleep(300);
    expect(pods.log('talks').length).toBeGreaterThan(lines);
    await daemon.start();
    expect((await pods.status(container)).state).toBe('CONTAINER_RUNNING');
    expect(await pods.exec(container, 'echo', 'here')).toBe('here');
  });

  it('is killed when it does not heed its stop signal in time', async () => {
    const deaf = await pods.start(pod, 'deaf', 'trap "" TERM; while :; do sleep 0.1; done');
    await sleep(200);
    const started = performance.now();
    await client.call('StopContainer', { containerId: deaf, timeout: 1 });
    expect(performance.now() - started).toBeGreaterThan(950);
    expect(await pods.status(deaf)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137, reason: 'Error' });
  });
});

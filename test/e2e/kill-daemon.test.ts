// The daemon is killed with five pods running: pods, exits and logs must not notice, and nothing may stay behind.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PodSandboxConfigInput } from '../../src/gen/runtime/v1/PodSandboxConfig.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const OUTAGE_MS = 10_000;
const FOREVER = 'sleep 86399';
const SCRIPTS = {
  plain: FOREVER,
  counts: 'i=0; while :; do echo $i; i=$((i + 1)); sleep 0.01; done',
  ends: 'sleep 4; exit 7',
  shares: FOREVER,
  mapped: FOREVER,
};
const MORE: Readonly<Record<string, PodSandboxConfigInput>> = {
  shares: { linux: { securityContext: { namespaceOptions: { pid: 'POD' } } } },
  mapped: { portMappings: [{ containerPort: 80, hostPort: 18_099 }] },
};

describe('a daemon killed with five pods running', () => {
  const daemon = new TestDaemon();
  const pods = new Pods(daemon);
  const containers = new Map<string, string>();
  let before: unknown;
  let killed = 0n;
  let started = 0n;
  let linesBefore = 0;

  async function listing(): Promise<unknown> {
    const { items } = await daemon.client.call('ListPodSandbox', {});
    const list = await daemon.client.call('ListContainers', {});
    return {
      pods: items.map(({ id, state, createdAt, metadata, labels }) => ({ id, state, createdAt, metadata, labels })),
      containers: list.containers.map(({ id, podSandboxId, createdAt, imageId }) => ({
        ...{ id, podSandboxId, createdAt, imageId },
      })),
    };
  }

  beforeAll(async () => {
    await daemon.start();
    await daemon.client.call('PullImage', { image: { image: IMAGE } });
    for (const [name, script] of Object.entries(SCRIPTS)) {
      const pod = await pods.run(name, MORE[name]);
      const pid = name === 'shares' ? 'POD' : 'CONTAINER';
      const linux = { securityContext: { namespaceOptions: { pid } } } as const;
      containers.set(name, await pods.start(pod, name, script, { linux }));
    }
    before = await listing();
    linesBefore = pods.log('counts').length;
    killed = BigInt(Date.now()) * 1_000_000n;
    await daemon.kill();
    await sleep(OUTAGE_MS);
    started = BigInt(Date.now()) * 1_000_000n;
    await daemon.start();
  }, 60_000);

  afterAll(() => daemon.destroy());

  it('knows the same pods and containers', async () => {
    expect(await listing()).toEqual(before);
    const { items } = await daemon.client.call('ListPodSandbox', {});
    expect(items.filter(({ state }) => state === 'SANDBOX_READY')).toHaveLength(5);
    const { containers: list } = await daemon.client.call('ListContainers', {});
    const running = list.flatMap(({ metadata, state }) => (state === 'CONTAINER_RUNNING' ? [metadata?.name] : []));
    expect(running.sort()).toEqual(['counts', 'mapped', 'plain', 'shares']);
  });

  it('knows the exit that happened meanwhile: code, reason and time', async () => {
    const status = await pods.status(containers.get('ends')!);
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 7, reason: 'Error' });
    expect(BigInt(status.finishedAt)).toBeGreaterThan(killed);
    expect(BigInt(status.finishedAt)).toBeLessThan(started);
    expect(BigInt(status.finishedAt) - BigInt(status.startedAt)).toBeGreaterThan(3_900_000_000n);
  });

  it('missed no line of the log, and logs go on', async () => {
    const lines = pods.log('counts').map(Number);
    expect(lines.length).toBeGreaterThan(linesBefore + 200);
    expect(lines).toEqual(lines.map((_, index) => index));
    await sleep(300);
    expect(pods.log('counts').length).toBeGreaterThan(lines.length);
  });

  it.each(['plain', 'counts', 'shares', 'mapped'])('runs commands in "%s"', async (name) => {
    expect(await pods.exec(containers.get(name)!, 'echo', 'here')).toBe('here');
  });

  it('still sees the pause process from the pod that shares a pid namespace', async () => {
    const ids = (await pods.exec(containers.get('shares')!, 'ps', '-o', 'pid,args')).split('\n').slice(1);
    expect(ids.length).toBeGreaterThanOrEqual(3);
    expect(ids.filter((line) => line.includes(FOREVER))).toHaveLength(1);
  });

  it('runs a new pod beside them', async () => {
    const pod = await pods.run('late');
    const container = await pods.start(pod, 'late', FOREVER);
    expect(await pods.exec(container, 'cat', '/etc/hostname')).toBe('late');
  });

  it('removes them all through the CRI, and nothing stays behind', async () => {
    const { items } = await daemon.client.call('ListPodSandbox', {});
    for (const { id } of items) {
      const { containers: list } = await daemon.client.call('ListContainers', { filter: { podSandboxId: id } });
      for (const { id: containerId } of list) {
        await daemon.client.call('StopContainer', { containerId, timeout: 0 });
        await daemon.client.call('RemoveContainer', { containerId });
      }
      await daemon.client.call('StopPodSandbox', { podSandboxId: id });
      await daemon.client.call('RemovePodSandbox', { podSandboxId: id });
    }
    expect(await leftovers(daemon)).toEqual([]);
  }, 30_000);
});

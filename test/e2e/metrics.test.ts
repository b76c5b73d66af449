// Metrics and stats of running pods over gRPC, and pods that are broken under the daemon: they spoil nobody else's.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PodSandboxMetrics } from '../../src/gen/runtime/v1/PodSandboxMetrics.ts';
import { bridgePlugins, TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers, removeCgroups } from './leftovers.ts';
import { Pods } from './pods.ts';

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const limits = { cpuPeriod: '100000', cpuQuota: '20000', cpuShares: '512', memoryLimitInBytes: '67108864' };
let good = '';
let container = '';
let keys = new Map<string, readonly string[]>();

beforeAll(async () => {
  // The bridge plugin finds its masquerading rules by a namespace's addresses, and one pod here loses its namespace.
  daemon.writeNetwork(bridgePlugins(daemon.leases).map((plugin) => ({ ...plugin, ipMasq: false })));
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
  good = await pods.run('good');
  container = await pods.start(good, 'main', 'echo 12345 >/written; exec sleep 86399', {
    linux: { resources: limits },
  });
  const { descriptors } = await client.call('ListMetricDescriptors', {});
  keys = new Map(descriptors.map(({ name, labelKeys }) => [name, labelKeys]));
}, 60_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 30_000);

async function list(): Promise<readonly PodSandboxMetrics[]> {
  const { podMetrics } = await client.call('ListPodSandboxMetrics', {});
  return podMetrics;
}

interface Told {
  readonly name: string;
  readonly labels: Readonly<Record<string, string | undefined>>;
  readonly value: number;
}

function readable(metrics: PodSandboxMetrics['metrics']): readonly Told[] {
  return metrics.map(({ name, labelValues, value }) => ({
    name,
    labels: Object.fromEntries((keys.get(name) ?? []).map((key, index) => [key, labelValues[index]])),
    value: Number(value?.value),
  }));
}

describe('ListPodSandboxMetrics', () => {
  it("tells a container's limits, times and labels", async () => {
    const [pod] = await list();
    const [own] = pod!.containerMetrics;
    const told = readable(own!.metrics);
    const valueOf = (name: string) => told.find((metric) => metric.name === `container_${name}`)?.value;

    expect(own?.containerId).toBe(container);
    expect(valueOf('spec_memory_limit_bytes')).toBe(67_108_864);
    expect(valueOf('spec_cpu_quota')).toBe(20_000);
    expect(valueOf('processes')).toBe(1);
    expect(valueOf('fs_usage_bytes')).toBeGreaterThan(0);
    expect(valueOf('memory_usage_bytes')).toBeGreaterThan(0);
    expect(valueOf('file_descriptors')).toBeGreaterThanOrEqual(3);
    expect(Math.abs(valueOf('start_time_seconds')! - Date.now() / 1000)).toBeLessThan(120);
    expect(told[0]?.labels).toEqual({
      ...{ id: expect.stringContaining(container), name: container, image: expect.stringContaining('busybox') },
      ...{ pod: 'good', namespace: 'e2e', container: 'main', cpu: 'total' },
    });
    for (const { name, labelValues } of own!.metrics) expect(labelValues).toHaveLength(keys.get(name)!.length);
  });

  it("tells a pod's interfaces and its own cgroup", async () => {
    const [pod] = await list();
    const told = readable(pod!.metrics);

    expect(told.find(({ name }) => name === 'container_network_receive_bytes_total')?.labels).toMatchObject({
      ...{ interface: 'eth0', pod: 'good', container: '', image: '' },
    });
    expect(told.find(({ name }) => name === 'container_memory_usage_bytes')?.value).toBeGreaterThan(0);
  });

  it('is told the same by StreamPodSandboxMetrics', async () => {
    const messages = await client.stream('StreamPodSandboxMetrics', {});
    const streamed = messages.flatMap(({ podSandboxMetrics }) => podSandboxMetrics);

    expect(streamed.map(({ podSandboxId }) => podSandboxId)).toEqual([good]);
    expect(streamed[0]!.containerMetrics[0]!.metrics.map(({ name }) => name)).toEqual(
      (await list())[0]!.containerMetrics[0]!.metrics.map(({ name }) => name),
    );
  });

  it('has no series of a container that has ended', async () => {
    const ended = await pods.start(good, 'ended', 'exit 0');
    while ((await pods.status(ended)).state !== 'CONTAINER_EXITED') await sleep(20);

    const [pod] = await list();
    expect(pod?.containerMetrics.map(({ containerId }) => containerId)).toEqual([container]);
  });
});

describe('a pod whose cgroup or network namespace was taken away', () => {
  let noCgroup = '';
  let noNetwork = '';

  beforeAll(async () => {
    const parent = `${daemon.cgroupParent}-broken`;
    noCgroup = await pods.run('no-cgroup', { linux: { cgroupParent: parent } });
    const victim = await pods.start(noCgroup, 'victim', 'sleep 86399');
    noNetwork = await pods.run('no-network');
    await execa('umount', ['--lazy', `${daemon.run}/ns/${noNetwork}/net`]);
    await client.call('ContainerStatus', { containerId: victim });
    await removeCgroups(parent);
  }, 30_000);

  it.each(['ListPodSandboxMetrics', 'ListPodSandboxStats', 'ListContainerStats'] as const)(
    '%s still tells of the others',
    async (method) => {
      const reply = JSON.stringify(await client.call(method, {}));
      expect(reply).toContain(method === 'ListContainerStats' ? container : good);
    },
  );

  it('PodSandboxStats tells what is left of it', async () => {
    const { stats } = await client.call('PodSandboxStats', { podSandboxId: noNetwork });
    expect(stats?.linux?.network).toBeNull();
    expect(stats?.attributes?.id).toBe(noNetwork);
    expect((await client.call('PodSandboxStats', { podSandboxId: noCgroup })).stats?.attributes?.id).toBe(noCgroup);
  });

  it('can still be listed, stopped and removed', async () => {
    const { items } = await client.call('ListPodSandbox', {});
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining([noCgroup, noNetwork]));
    for (const podSandboxId of [noCgroup, noNetwork]) {
      await client.call('StopPodSandbox', { podSandboxId });
      await client.call('RemovePodSandbox', { podSandboxId });
    }
  });
});

// The daemon is killed in the middle of its work, at many instants: whatever was half made is undone or removable.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const OTHER_IMAGE = 'registry.k8s.io/e2e-test-images/nginx:1.14-2';
const SHARED_PID = { linux: { securityContext: { namespaceOptions: { pid: 'POD' } } } } as const;

// Spread over the time the call takes, so that each run of the tests tries instants of its own.
function instants(count: number, spanMs: number): { readonly ms: number }[] {
  return Array.from({ length: count }, (_, index) => ({
    ms: Math.round(((index + Math.random()) * spanMs) / count),
  }));
}

describe('a daemon killed in the middle of', () => {
  const daemon = new TestDaemon();
  const pods = new Pods(daemon);

  beforeAll(async () => {
    await daemon.start();
    await daemon.client.call('PullImage', { image: { image: IMAGE } });
  }, 30_000);

  afterEach(async () => {
    const { containers } = await daemon.client.call('ListContainers', {});
    for (const { id } of containers) await daemon.client.call('RemoveContainer', { containerId: id });
    await daemon.removePods();
    expect(await leftovers(daemon)).toEqual([]);
  });

  afterAll(() => daemon.destroy());

  async function killAfter(ms: number, call: Promise<unknown>): Promise<void> {
    const settled = call.catch(() => undefined);
    await sleep(ms);
    await daemon.kill();
    await settled;
    await daemon.start();
  }

  it.each(instants(6, 240))(
    'RunPodSandbox, after $ms ms: the same pod runs afterwards',
    async ({ ms }) => {
      await killAfter(ms, pods.run('victim', SHARED_PID));
      const pod = await pods.run('victim', SHARED_PID);
      const { items } = await daemon.client.call('ListPodSandbox', {});
      expect(items.map(({ id, state }) => ({ id, state }))).toEqual([{ id: pod, state: 'SANDBOX_READY' }]);
    },
    20_000,
  );

  it.each(instants(4, 150))(
    'CreateContainer, after $ms ms: the same container runs afterwards',
    async ({ ms }) => {
      const pod = await pods.run('host');
      await killAfter(ms, pods.create(pod, 'victim', 'sleep 86399'));
      const container = await pods.create(pod, 'victim', 'sleep 86399');
      await daemon.client.call('StartContainer', { containerId: container });
      expect(await pods.exec(container, 'echo', 'here')).toBe('here');
      const { containers } = await daemon.client.call('ListContainers', {});
      expect(containers.map(({ id }) => id)).toEqual([container]);
    },
    20_000,
  );

  it.each(instants(2, 100))(
    'StartContainer, after $ms ms: it runs or can be started',
    async ({ ms }) => {
      const pod = await pods.run('host');
      const containerId = await pods.create(pod, 'victim', 'sleep 86399');
      await killAfter(ms, daemon.client.call('StartContainer', { containerId }));
      const { state } = await pods.status(containerId);
      if (state === 'CONTAINER_CREATED') await daemon.client.call('StartContainer', { containerId });
      expect(await pods.exec(containerId, 'echo', 'here')).toBe('here');
    },
    20_000,
  );

  it.each(instants(3, 300))(
    'StopPodSandbox, after $ms ms: a second stop and removal finish it',
    async ({ ms }) => {
      const pod = await pods.run('victim', ms % 2 === 0 ? SHARED_PID : {});
      const containerId = await pods.start(pod, 'runs', 'sleep 86399');
      await killAfter(ms, daemon.client.call('StopPodSandbox', { podSandboxId: pod }));
      await daemon.client.call('StopPodSandbox', { podSandboxId: pod });
      expect((await pods.status(containerId)).state).toBe('CONTAINER_EXITED');
    },
    20_000,
  );

  it.each(instants(2, 400))(
    'PullImage, after $ms ms: nothing is half stored, and the next pull works',
    async ({ ms }) => {
      const image = { image: OTHER_IMAGE };
      await killAfter(ms, daemon.client.call('PullImage', { image }));
      await daemon.client.call('PullImage', { image });
      const { imageFilesystems } = await daemon.client.call('ImageFsInfo', {});
      const whole = imageFilesystems[0]?.usedBytes?.value;
      await daemon.client.call('RemoveImage', { image });
      await daemon.client.call('PullImage', { image });
      const again = await daemon.client.call('ImageFsInfo', {});
      expect(again.imageFilesystems[0]?.usedBytes?.value).toBe(whole);
      await daemon.client.call('RemoveImage', { image });
    },
    20_000,
  );
});

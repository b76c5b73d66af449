// A kubelet tells of a pod that it resized: what it told is kept and shown.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CriClient } from './cri-client.ts';
import { crictl, lab, PodFiles } from './lab.ts';

const files = new PodFiles();
let cri: CriClient;
let pod = '';

async function shown(): Promise<unknown> {
  const { info } = await cri.call('PodSandboxStatus', { podSandboxId: pod, verbose: true });
  return (JSON.parse(info['info'] ?? '{}') as { updatedResources?: unknown }).updatedResources;
}

describe('UpdatePodSandboxResources', () => {
  beforeAll(async () => {
    cri = new CriClient(lab('CONTAINER_RUNTIME_ENDPOINT').replace('unix://', ''));
    pod = await crictl('runp', files.pod('resized'));
  });

  afterAll(async () => {
    await crictl('rmp', '--force', pod);
    cri.close();
    files.remove();
  });

  it('is shown in the verbose status, the last one told', async () => {
    expect(await shown()).toBeNull();
    for (const cpuShares of [512, 2048]) {
      const resources = { cpuShares, memoryLimitInBytes: '67108864' };
      await cri.call('UpdatePodSandboxResources', { podSandboxId: pod, resources });
    }
    const expected = { overhead: null, resources: { cpuShares: '2048', memoryLimitInBytes: '67108864' } };
    expect(await shown()).toMatchObject(expected);
  });

  it('answers NOT_FOUND for an unknown pod', async () => {
    const { code } = await cri.failure('UpdatePodSandboxResources', { podSandboxId: 'f'.repeat(64) });
    expect(code).toBe('NOT_FOUND');
  });
});

// The pod network is missing or broken: a clear condition or error, and no address or namespace is lost.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeCondition } from '../../src/gen/runtime/v1/RuntimeCondition.ts';
import { bridgePlugins, TestDaemon } from './daemon.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const HOST_NETWORK = { linux: { securityContext: { namespaceOptions: { network: 'NODE' } } } } as const;

describe('a daemon without a network', () => {
  const daemon = new TestDaemon();
  const pods = new Pods(daemon);
  const { client } = daemon;

  beforeAll(async () => {
    daemon.removeNetwork();
    await daemon.start();
  }, 30_000);

  afterAll(() => daemon.destroy());

  async function networkReady(): Promise<RuntimeCondition | undefined> {
    const { status } = await client.call('Status', {});
    return status?.conditions.find(({ type }) => type === 'NetworkReady');
  }

  /** The condition, as soon as it is what `wanted` says; what it is otherwise, after 5 s. */
  async function becomes(wanted: boolean): Promise<RuntimeCondition | undefined> {
    for (let tries = 0; tries < 100 && (await networkReady())?.status !== wanted; tries += 1) await sleep(50);
    return networkReady();
  }

  it('says so in its status, and what to do', async () => {
    expect(await networkReady()).toEqual({
      type: 'NetworkReady',
      status: false,
      reason: 'NetworkPluginNotReady',
      message: expect.stringContaining(`no CNI configuration in "${daemon.confDir}"`),
    });
  });

  it('refuses a pod, and leaves nothing of it', async () => {
    const failure = await client.failure('RunPodSandbox', { config: pods.config('none') });
    expect(failure).toEqual({ code: 'UNAVAILABLE', details: expect.stringContaining('no CNI configuration in') });
    expect(await leftovers(daemon)).toEqual([]);
  });

  it("runs a pod on the node's network", async () => {
    const podSandboxId = await pods.run('node', HOST_NETWORK);
    const { status } = await client.call('PodSandboxStatus', { podSandboxId });
    expect(status?.state).toBe('SANDBOX_READY');
    await daemon.removePods();
    expect(await leftovers(daemon)).toEqual([]);
  });

  it('is ready when a configuration appears, and not when it goes, without a restart', async () => {
    daemon.writeNetwork(bridgePlugins(daemon.leases));
    expect(await becomes(true)).toMatchObject({ status: true });
    await pods.run('some');
    daemon.removeNetwork();
    expect(await becomes(false)).toMatchObject({ reason: 'NetworkPluginNotReady' });
    // Its attachment was recorded with the configuration it was made with.
    await daemon.removePods();
    expect(await leftovers(daemon)).toEqual([]);
  });

  it.each([
    { what: 'no JSON', text: '{ "cniVersion": ' },
    { what: 'without plugins', text: '{ "cniVersion": "1.0.0", "name": "x", "plugins": [] }' },
  ])('names a configuration that is $what', async ({ text }) => {
    const path = join(daemon.confDir, '10-e2e.conflist');
    writeFileSync(path, text);
    await sleep(300);
    expect(await networkReady()).toMatchObject({ status: false, message: expect.stringContaining(path) });
  });

  it('names a plugin that is not installed', async () => {
    daemon.writeNetwork([{ type: 'nosuch-plugin' }]);
    await sleep(300);
    expect(await becomes(false)).toMatchObject({ status: false, message: expect.stringContaining('nosuch-plugin') });
    const failure = await client.failure('RunPodSandbox', { config: pods.config('none') });
    expect(failure.details).toContain('nosuch-plugin');
    expect(await leftovers(daemon)).toEqual([]);
  });
});

describe('a plugin that fails', () => {
  const daemon = new TestDaemon();
  const pods = new Pods(daemon);
  const { client } = daemon;
  const addFails = join(daemon.directory, 'add-fails');
  const delFails = join(daemon.directory, 'del-fails');
  // Passes the former plugin's result on, unless a file tells it to fail.
  const moodyPlugin = `#!/bin/sh
input=$(cat)
refuse() { echo '{"cniVersion":"1.0.0","code":999,"msg":"the switch is on fire","details":"port 7"}'; exit 1; }
case $CNI_COMMAND in
  VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}' ;;
  ADD) [ ! -e ${addFails} ] || refuse; printf '%s' "$input" | sed 's/.*"prevResult"://; s/}$//' ;;
  DEL) [ ! -e ${delFails} ] || refuse ;;
esac
`;

  beforeAll(async () => {
    const path = join(daemon.binDir, 'moody');
    writeFileSync(path, moodyPlugin);
    chmodSync(path, 0o755);
    daemon.writeNetwork([...bridgePlugins(daemon.leases), { type: 'moody' }]);
    await daemon.start();
  }, 30_000);

  afterEach(async () => {
    for (const path of [addFails, delFails]) rmSync(path, { force: true });
    await daemon.removePods();
    expect(await leftovers(daemon)).toEqual([]);
  });

  afterAll(() => daemon.destroy());

  const complaint = 'the switch is on fire: port 7 (code 999)';

  it('to ADD: the error has its name and its words, and nothing stays behind', async () => {
    writeFileSync(addFails, '');
    const failure = await client.failure('RunPodSandbox', { config: pods.config('victim') });
    expect(failure.details).toContain(`network "crisol-e2e": plugin "moody" failed to ADD: ${complaint}`);
    expect(await leftovers(daemon)).toEqual([]);
    expect((await client.call('ListPodSandbox', {})).items).toEqual([]);
    rmSync(addFails);
    await pods.run('victim');
  });

  it('to ADD and to DEL: the pod stays, not ready, until it can be removed', async () => {
    writeFileSync(addFails, '');
    writeFileSync(delFails, '');
    await client.failure('RunPodSandbox', { config: pods.config('victim') });
    const { items } = await client.call('ListPodSandbox', {});
    expect(items.map(({ state }) => state)).toEqual(['SANDBOX_NOTREADY']);
    const failure = await client.failure('RemovePodSandbox', { podSandboxId: items[0]!.id });
    expect(failure.details).toContain(`plugin "moody" failed to DEL: ${complaint}`);
  });

  it('to DEL: StopPodSandbox says so, and works once the plugin does, also after a kill of the daemon', async () => {
    const podSandboxId = await pods.run('victim');
    writeFileSync(delFails, '');
    expect((await client.failure('StopPodSandbox', { podSandboxId })).details).toContain(complaint);
    await daemon.kill();
    await daemon.start();
    const { status } = await client.call('PodSandboxStatus', { podSandboxId });
    expect(status?.state).toBe('SANDBOX_NOTREADY');
    rmSync(delFails);
    await client.call('StopPodSandbox', { podSandboxId });
    await client.call('StopPodSandbox', { podSandboxId });
  });
});

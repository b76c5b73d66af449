// Handlers whose pods have a network of their own, on the real CNI plugins.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDaemon } from './daemon.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const BRIDGE = 'crisol-own0';
const daemon = new TestDaemon();
const pods = new Pods(daemon);
const { client } = daemon;
const confDir = join(daemon.directory, 'own.d');
const ownLeases = join(daemon.directory, 'own-leases');
const TABLE = `[runtimes.own]\nkind = "oci"\npath = "runc"\ncni_conf_dir = "${confDir}"\n`;

beforeAll(async () => {
  daemon.writeDropIn(TABLE);
  await daemon.start();
}, 60_000);

afterAll(async () => {
  await daemon.removePods();
  await execa('ip', ['link', 'delete', BRIDGE], { reject: false });
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 60_000);

function writeOwnNetwork(): void {
  const range = { subnet: '10.88.132.0/24' };
  const ipam = { type: 'host-local', dataDir: ownLeases, ranges: [[range]], routes: [{ dst: '0.0.0.0/0' }] };
  const plugins = [{ type: 'bridge', bridge: BRIDGE, isGateway: true, ipMasq: true, ipam }];
  mkdirSync(confDir, { recursive: true });
  writeFileSync(join(confDir, '10-own.conflist'), JSON.stringify({ cniVersion: '1.0.0', name: 'own', plugins }));
}

const leases = (): string[] =>
  existsSync(join(ownLeases, 'own')) ? readdirSync(join(ownLeases, 'own')).filter((name) => /^\d/.test(name)) : [];

async function runOn(runtimeHandler: string, name: string): Promise<string> {
  const reply = await client.call('RunPodSandbox', { config: pods.config(name), runtimeHandler });
  return reply.podSandboxId;
}

async function addressOf(podSandboxId: string): Promise<string> {
  const { status } = await client.call('PodSandboxStatus', { podSandboxId });
  return status?.network?.ip ?? '';
}

async function condition(type: string): Promise<{ status: boolean; message: string } | undefined> {
  const { status } = await client.call('Status', {});
  return status?.conditions.find((one) => one.type === type);
}

/** Waits until the network of handler "own" is as ready as wanted. */
async function ownNetworkIs(wanted: boolean): Promise<void> {
  for (let tries = 0; (await condition('NetworkReady/own'))?.status !== wanted; tries += 1) {
    if (tries === 100) throw new RangeError(`NetworkReady/own did not become ${String(wanted)} within 5 s`);
    await sleep(50);
  }
}

async function hangUp(): Promise<void> {
  const answers = (): number => daemon.log().split('the configuration was loaded again').length;
  const before = answers();
  process.kill(daemon.pid, 'SIGHUP');
  for (let tries = 0; answers() === before; tries += 1) {
    if (tries === 400) throw new RangeError(`no answer to SIGHUP:\n${daemon.log().slice(-2000)}`);
    await sleep(25);
  }
}

describe('a handler with cni_conf_dir', () => {
  it('without a configuration there: its pods are refused with handler, directory and cure; others run', async () => {
    const why = `no CNI configuration in "${confDir}": install a network add-on or put a .conflist file there`;

    const failure = await client.failure('RunPodSandbox', { config: pods.config('none'), runtimeHandler: 'own' });

    expect(failure).toEqual({
      code: 'UNAVAILABLE',
      details: expect.stringContaining(`cni_conf_dir of runtime handler "own": ${why}`),
    });
    expect(await condition('NetworkReady/own')).toMatchObject({ status: false, message: why });
    expect(await condition('NetworkReady')).toMatchObject({ status: true });
    expect(await condition('HandlerReady/own')).toMatchObject({ status: true });
    expect(await leftovers(daemon)).toEqual([]);
    expect(await addressOf(await pods.run('other'))).toMatch(/^10\.88\.(?!132\.)/);
    await daemon.removePods();
  }, 60_000);

  it('gives its pods addresses of their own network, as soon as there is one, and takes them back', async () => {
    writeOwnNetwork();
    await ownNetworkIs(true);
    const other = await pods.run('other');
    const own = await runOn('own', 'own');

    expect(await addressOf(other)).toMatch(/^10\.88\.(?!132\.)/);
    expect(await addressOf(own)).toMatch(/^10\.88\.132\./);
    expect(leases()).toEqual([await addressOf(own)]);
    const { info } = await client.call('Status', { verbose: true });
    expect(JSON.parse(info['cniconfig'] ?? '')).toMatchObject({
      network: { name: 'crisol-e2e' },
      handlerNetworks: { [confDir]: { network: { name: 'own' } } },
    });

    await client.call('StopPodSandbox', { podSandboxId: own });
    expect(leases()).toEqual([]);
    await daemon.removePods();
    expect(await leftovers(daemon, [`interface ${BRIDGE}`])).toEqual([]);
  }, 60_000);

  it('gone with its directory, and the daemon killed: DEL is what ADD was', async () => {
    writeOwnNetwork();
    await ownNetworkIs(true);
    const first = await runOn('own', 'first');
    const second = await runOn('own', 'second');
    rmSync(confDir, { recursive: true });
    daemon.writeDropIn('');
    await hangUp();
    expect(await condition('NetworkReady/own')).toBeUndefined();

    await client.call('StopPodSandbox', { podSandboxId: first });
    expect(leases()).toEqual([await addressOf(second)]);
    await daemon.kill();
    await daemon.start();
    await client.call('StopPodSandbox', { podSandboxId: second });

    expect(leases()).toEqual([]);
    await daemon.removePods();
    expect(await leftovers(daemon, [`interface ${BRIDGE}`])).toEqual([]);
  }, 60_000);

  it('is taken up on SIGHUP, by the pods that come after it', async () => {
    const plain = '[runtimes.own]\nkind = "oci"\npath = "runc"\n';
    daemon.writeDropIn(plain);
    await hangUp();
    const before = await runOn('own', 'before');
    writeOwnNetwork();
    daemon.writeDropIn(TABLE);
    await hangUp();
    const after = await runOn('own', 'after');

    expect(await addressOf(before)).not.toMatch(/^10\.88\.132\./);
    expect(await addressOf(after)).toMatch(/^10\.88\.132\./);
    expect(daemon.log()).toContain('"changed":{"own":["cni_conf_dir"]}');
    await daemon.removePods();
    expect(leases()).toEqual([]);
  }, 60_000);
});

// Handlers of a daemon that lives on: their configuration changes, their programs go and come back.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const FOREVER = 'sleep 86399';
const RELOADED = 'the configuration was loaded again';
const REFUSED = 'the new configuration is refused';

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const program = join(daemon.directory, 'runtime');

const table = (name: string, path = 'runc', more = ''): string =>
  `[runtimes.${name}]\nkind = "oci"\npath = "${path}"\n${more}`;

beforeAll(async () => {
  copyFileSync((await execa('which', ['runc'])).stdout, program);
  daemon.writeDropIn(table('own', program));
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
}, 120_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 120_000);

interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function crisol(...args: string[]): Promise<Outcome> {
  const entry = join(lab('REPO'), 'dist/bundle/main.js');
  const { exitCode, stdout, stderr } = await execa(process.execPath, [entry, ...args], { reject: false });
  return { exitCode, stdout, stderr };
}

/** Sends SIGHUP and waits until the daemon has answered it in its log. */
async function hangUp(answer: string): Promise<void> {
  const count = (): number => daemon.log().split(answer).length;
  const before = count();
  process.kill(daemon.pid, 'SIGHUP');
  for (let tries = 0; count() === before; tries += 1) {
    if (tries === 400) throw new RangeError(`no answer to SIGHUP:\n${daemon.log().slice(-2000)}`);
    await sleep(25);
  }
}

async function runOn(runtimeHandler: string, name: string): Promise<string> {
  const reply = await client.call('RunPodSandbox', { config: pods.config(name), runtimeHandler });
  return reply.podSandboxId;
}

function refusal(runtimeHandler: string): Promise<{ code: string; details: string }> {
  return client.failure('RunPodSandbox', { config: pods.config('refused'), runtimeHandler });
}

describe('SIGHUP', () => {
  it('makes a new handler usable at once, and leaves pods alone', async () => {
    const pod = await pods.run('before');
    const container = await pods.start(pod, 'before', FOREVER);
    daemon.writeDropIn(table('own', program) + table('added'));

    await hangUp(RELOADED);

    const added = await runOn('added', 'added');
    expect(await pods.exec(await pods.start(added, 'added', FOREVER), 'echo', 'new')).toBe('new');
    expect(await pods.exec(container, 'echo', 'old')).toBe('old');
  }, 120_000);

  it('with a handler removed: its pods run, take containers, and can be stopped and removed', async () => {
    daemon.writeDropIn(table('own', program) + table('leaving', 'runc', 'args = ["--debug"]\n'));
    await hangUp(RELOADED);
    const pod = await runOn('leaving', 'leaving');
    const first = await pods.start(pod, 'first', FOREVER);
    daemon.writeDropIn(table('own', program));
    await hangUp(RELOADED);

    expect(await refusal('leaving')).toEqual({
      code: 'NOT_FOUND',
      details: expect.stringContaining('runtime handler "leaving" is not configured; configured are "runc", "own"'),
    });
    expect(await pods.exec(first, 'echo', 'here')).toBe('here');
    const second = await pods.start(pod, 'second', FOREVER);
    expect(await pods.exec(second, 'echo', 'too')).toBe('too');
    await client.call('StopPodSandbox', { podSandboxId: pod });
    await client.call('RemovePodSandbox', { podSandboxId: pod });
    const { items } = await client.call('ListPodSandbox', { filter: { id: pod } });
    expect(items).toEqual([]);
  }, 120_000);

  it('with a mistake anywhere: nothing changes, and the log says file, line and key', async () => {
    daemon.writeDropIn(`${table('fine')}[runtimes.bad]\nkind = "oci"\npaht = "/x"\n`);

    await hangUp(REFUSED);

    expect(daemon.log()).toContain('"key":"runtimes.bad.paht"');
    expect(await refusal('fine')).toMatchObject({ code: 'NOT_FOUND' });
    expect((await crisol('handlers', '--socket', daemon.socket, '--json')).stdout).toContain('"own"');
  }, 120_000);

  it('with keys that need a restart: names them', async () => {
    daemon.writeDropIn(`${table('own', program)}[cri]\nshm_size = "1MiB"\n`);

    await hangUp(RELOADED);

    expect(daemon.log()).toMatch(/"key":"cri.shm_size".*it counts from the next start/);
  }, 120_000);
});

describe('a handler whose program goes away', () => {
  it('is refused at once, keeps its pods removable, and works again when the program is back', async () => {
    const pod = await runOn('own', 'orphaned');
    const container = await pods.start(pod, 'orphaned', FOREVER);
    const reason = `program "${program}" does not exist`;
    renameSync(program, `${program}.away`);

    expect(await refusal('own')).toEqual({
      code: 'FAILED_PRECONDITION',
      details: expect.stringContaining(
        `runtime handler "own" does not work: ${reason} (install it or correct the path)`,
      ),
    });
    const { status } = await client.call('Status', {});
    expect(status?.conditions.find(({ type }) => type === 'HandlerReady/own')).toMatchObject({
      status: false,
      message: `${reason} (install it or correct the path)`,
    });
    expect(await pods.status(container)).toMatchObject({ state: 'CONTAINER_RUNNING' });
    await client.call('StopPodSandbox', { podSandboxId: pod });
    expect(await pods.status(container)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 });
    await client.call('RemovePodSandbox', { podSandboxId: pod });
    expect(daemon.log()).toContain('the runtime has gone; ending a container without it');

    renameSync(`${program}.away`, program);
    // The refusal starts the proof; the kubelet's next try finds it done.
    let again = '';
    for (let tries = 0; again === '' && tries < 100; tries += 1) {
      again = await runOn('own', 'again').catch(() => '');
      if (again === '') await sleep(50);
    }
    expect(again).not.toBe('');
  }, 120_000);

  it('fails its containers with a message that names it', async () => {
    const pod = await runOn('own', 'halfway');
    rmSync(program);

    const failure = await client.failure('CreateContainer', {
      podSandboxId: pod,
      config: pods.container('halfway', FOREVER),
      sandboxConfig: pods.config('halfway'),
    });

    expect(failure.details).toMatch(/runtime "own" create of container ".*": .*Runtime path .*runtime is not valid/);
    expect((await client.call('ListContainers', { filter: { podSandboxId: pod } })).containers).toEqual([]);
    await client.call('RemovePodSandbox', { podSandboxId: pod });
  }, 120_000);
});

describe('crisol handlers', () => {
  it('shows every handler of the running daemon, as a table and as JSON', async () => {
    daemon.writeDropIn(table('broken', '/no/such/runtime'));
    await hangUp(RELOADED);

    const text = await crisol('handlers', '--socket', daemon.socket);
    const json = await crisol('handlers', '--config', daemon.configPath, '--json');

    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(/^runc \(default\) +oci +ready +1\.\S+ +\/usr\/sbin\/runc$/m);
    expect(text.stdout).toMatch(/^recursive_read_only_mounts +yes \(reported\)$/m);
    expect(text.stdout).toContain('broken: program "/no/such/runtime" does not exist\n  cure: install it');
    expect(JSON.parse(json.stdout)).toEqual([
      expect.objectContaining({ name: 'runc', default: true, state: 'ready', reason: '', cure: '' }),
      expect.objectContaining({
        name: 'broken',
        state: 'failed',
        reason: 'program "/no/such/runtime" does not exist',
        cure: 'install it or correct the path',
      }),
    ]);
  }, 120_000);

  it('--check proves without a daemon, exits with 1 for a broken handler, and leaves nothing', async () => {
    const bad = await crisol('handlers', '--check', '--config', daemon.configPath);
    daemon.writeDropIn('');
    const good = await crisol('handlers', '--check', '--config', daemon.configPath);

    expect(bad.exitCode).toBe(1);
    expect(bad.stdout).toContain('broken: program "/no/such/runtime" does not exist');
    expect(good).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^runc \(default\) +oci +ready/m) });
  }, 120_000);
});

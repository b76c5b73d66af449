// Helpers that die or hang under a running pod: each is reported as what it is, and only its own container notices.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStatus } from '../../src/gen/runtime/v1/ContainerStatus.ts';
import { readIfThere } from '../support/read-if-there.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const FOREVER = 'sleep 86399';
const SHARED = { linux: { securityContext: { namespaceOptions: { pid: 'POD' } } } } as const;

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const program = join(daemon.directory, 'runtime');
const hang = join(daemon.directory, 'hang');
let bystander = '';

beforeAll(async () => {
  // The real runc, which hangs at the verb that a file names.
  const runc = (await execa('which', ['runc'])).stdout;
  const text = `#!/bin/sh
verb=$(cat ${hang} 2>/dev/null)
[ -n "$verb" ] && case " $* " in *" $verb "*) exec sleep 4715;; esac
exec ${runc} "$@"
`;
  writeFileSync(program, text, { mode: 0o755 });
  daemon.writeDropIn(`[runtimes.own]\nkind = "oci"\npath = "${program}"\ncreate_timeout = "2s"\n`);
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
  bystander = await pods.start(await pods.run('bystander'), 'bystander', FOREVER);
}, 120_000);

afterAll(async () => {
  rmSync(hang, { force: true });
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 120_000);

/** The pids whose command line satisfies a test. */
function pidsOf(isWanted: (command: string) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isWanted(readIfThere(`/proc/${name}/cmdline`).replaceAll('\0', ' ')))
    .map(Number);
}

function monitorOf(id: string): number {
  const [pid] = pidsOf((command) => command.startsWith('/usr/bin/conmon ') && command.includes(id));
  if (pid === undefined) throw new RangeError(`no conmon of ${id}`);
  return pid;
}

function initOf(id: string): number {
  return Number(readFileSync(join(daemon.run, 'c', id, 'pidfile'), 'latin1'));
}

async function exited(containerId: string): Promise<ContainerStatus> {
  for (let tries = 0; ; tries += 1) {
    const status = await pods.status(containerId);
    if (status.state === 'CONTAINER_EXITED' || tries === 100) return status;
    await sleep(100);
  }
}

async function removeWithPod(podSandboxId: string): Promise<void> {
  await client.call('StopPodSandbox', { podSandboxId });
  await client.call('RemovePodSandbox', { podSandboxId });
}

/** A container in a pod on the handler that can be made to hang. */
async function podOn(name: string): Promise<string> {
  return (await client.call('RunPodSandbox', { config: pods.config(name), runtimeHandler: 'own' })).podSandboxId;
}

async function bystanderIsWell(): Promise<void> {
  expect(await pods.exec(bystander, 'echo', 'well')).toBe('well');
}

describe('a helper that is killed', () => {
  it('conmon: the container goes on; its end is noticed, its code is told to be unknown', async () => {
    const pod = await pods.run('monitor');
    const container = await pods.start(pod, 'monitor', FOREVER);
    process.kill(monitorOf(container), 'SIGKILL');

    expect(await pods.exec(container, 'echo', 'still')).toBe('still');
    process.kill(initOf(container), 'SIGKILL');
    const status = await exited(container);

    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 255, reason: 'Unknown' });
    await removeWithPod(pod);
    await bystanderIsWell();
  }, 120_000);

  it('conmon and its container together: removable', async () => {
    const pod = await pods.run('both');
    const container = await pods.start(pod, 'both', FOREVER);
    const [monitor, init] = [monitorOf(container), initOf(container)];
    process.kill(monitor, 'SIGKILL');
    process.kill(init, 'SIGKILL');

    expect(await exited(container)).toMatchObject({ exitCode: 255 });
    await removeWithPod(pod);
  }, 120_000);

  it("a container's init: exit code 137, and the pod stays ready", async () => {
    const pod = await pods.run('init');
    const container = await pods.start(pod, 'init', FOREVER);
    process.kill(initOf(container), 'SIGKILL');

    expect(await exited(container)).toMatchObject({ exitCode: 137, reason: 'Error' });
    const { status } = await client.call('PodSandboxStatus', { podSandboxId: pod });
    expect(status?.state).toBe('SANDBOX_READY');
    await removeWithPod(pod);
    await bystanderIsWell();
  }, 120_000);

  it('a pause process: its containers exit, the pod is not ready, both are removable', async () => {
    const pod = await pods.run('pause', SHARED);
    const container = await pods.start(pod, 'pause', FOREVER, SHARED);
    process.kill(initOf(pod), 'SIGKILL');

    expect(await exited(container)).toMatchObject({ exitCode: 137 });
    let state: string | undefined;
    for (let tries = 0; state !== 'SANDBOX_NOTREADY' && tries < 100; tries += 1) {
      state = (await client.call('PodSandboxStatus', { podSandboxId: pod })).status?.state;
      await sleep(50);
    }
    expect(state).toBe('SANDBOX_NOTREADY');
    expect(daemon.log()).toContain('the pause process of a pod has died');
    await removeWithPod(pod);
    await bystanderIsWell();
  }, 120_000);
});

describe('a runtime that hangs', () => {
  it('at create: the call ends at its time-out with the verb, and nothing is left', async () => {
    const pod = await podOn('create');
    writeFileSync(hang, 'create');

    const failure = await client.failure('CreateContainer', {
      podSandboxId: pod,
      config: pods.container('create', FOREVER),
      sandboxConfig: pods.config('create'),
    });
    rmSync(hang);

    expect(failure.code).toBe('DEADLINE_EXCEEDED');
    expect(failure.details).toMatch(/runtime "own" create of container .*raise create_timeout in \[runtimes.own\]/);
    expect(pidsOf((command) => command.includes('sleep 4715'))).toEqual([]);
    expect((await client.call('ListContainers', { filter: { podSandboxId: pod } })).containers).toEqual([]);
    await bystanderIsWell();
    await removeWithPod(pod);
  }, 90_000);

  it('at start: the call ends at its time-out with verb and key, the container is over and can be removed', async () => {
    const pod = await podOn('start');
    const containerId = await pods.create(pod, 'start', FOREVER);
    const init = initOf(containerId);
    writeFileSync(hang, 'start');
    const began = Date.now();

    const failure = await client.failure('StartContainer', { containerId });
    rmSync(hang);

    expect(failure).toEqual({
      code: 'DEADLINE_EXCEEDED',
      details:
        `cannot start container "${containerId}": runtime "own" start of container "${containerId}" took longer than ` +
        '2000 ms (if it needs longer, raise create_timeout in [runtimes.own] or cri.create_timeout)',
    });
    expect(Date.now() - began).toBeLessThan(10_000);
    // Nothing of it is left half started: neither what hung nor the process that was waiting to be started.
    expect(pidsOf((command) => command.includes('sleep 4715'))).toEqual([]);
    expect(pidsOf((command) => command.startsWith('/usr/bin/conmon ') && command.includes(containerId))).toEqual([]);
    expect(readIfThere(`/proc/${init}/cmdline`)).toBe('');
    expect(await pods.status(containerId)).toMatchObject({
      ...{ state: 'CONTAINER_EXITED', exitCode: 128, reason: 'StartError' },
      message: expect.stringContaining('took longer than 2000 ms'),
    });
    expect((await client.failure('StartContainer', { containerId })).code).toBe('FAILED_PRECONDITION');

    await client.call('RemoveContainer', { containerId });
    expect((await client.call('ListContainers', { filter: { podSandboxId: pod } })).containers).toEqual([]);
    // The pod is none the worse for it.
    const again = await pods.start(pod, 'again', FOREVER);
    expect(await pods.exec(again, 'echo', 'here')).toBe('here');
    await removeWithPod(pod);
    await bystanderIsWell();
  }, 90_000);

  it('at exec: the call ends at its time-out, and the container goes on', async () => {
    const pod = await podOn('exec');
    const container = await pods.start(pod, 'exec', FOREVER);
    writeFileSync(hang, 'exec');

    const failure = await client.failure('ExecSync', { containerId: container, cmd: ['true'], timeout: 1 });
    rmSync(hang);

    expect(failure.code).toBe('DEADLINE_EXCEEDED');
    expect(pidsOf((command) => command.includes('sleep 4715'))).toEqual([]);
    expect(await pods.exec(container, 'echo', 'on')).toBe('on');
    await removeWithPod(pod);
    await bystanderIsWell();
  }, 90_000);

  it('at delete: the call says so; when the runtime works again the pod goes', async () => {
    const pod = await podOn('delete');
    await pods.start(pod, 'delete', 'true');
    writeFileSync(hang, 'delete');

    const removal = client.call('RemovePodSandbox', { podSandboxId: pod }, 1000).catch(() => undefined);
    await bystanderIsWell();
    await removal;
    rmSync(hang);
    // What hangs already is ended by hand, as an operator would.
    for (const pid of pidsOf((command) => command.includes('sleep 4715'))) process.kill(pid, 'SIGKILL');

    await client.call('RemovePodSandbox', { podSandboxId: pod });
    expect((await client.call('ListPodSandbox', { filter: { id: pod } })).items).toEqual([]);
  }, 90_000);
});

it('a runtime that was replaced by another release: old containers can be used and removed', async () => {
  const pod = await podOn('replaced');
  const container = await pods.start(pod, 'replaced', FOREVER);
  const current = (await execa('which', ['runc-current'])).stdout;
  rmSync(program);
  writeFileSync(program, `#!/bin/sh\nexec ${current} "$@"\n`, { mode: 0o755 });

  expect(await pods.exec(container, 'echo', 'same')).toBe('same');
  expect(await pods.exec(await pods.start(pod, 'newer', FOREVER), 'echo', 'newer')).toBe('newer');
  await removeWithPod(pod);
  await bystanderIsWell();
}, 120_000);

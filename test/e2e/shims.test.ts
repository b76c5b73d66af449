// Pods below containerd's shim, of Debian and of today: what a kubelet does with them, and what survives a sudden death.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { listPids, commandLine } from '../../src/host/procfs.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const FOREVER = 'sleep 86399';
// Without a shared pid namespace, nothing needs a pause process.
const OWN_PID = { linux: { securityContext: { namespaceOptions: { pid: 'CONTAINER' } } } } as const;
const COUNTS = 'i=0; while :; do echo $i; i=$((i + 1)); sleep 0.01; done';

describe.each([{ release: 'debian' }, { release: 'current' }])('a pod below the $release shim', ({ release }) => {
  const daemon = new TestDaemon();
  const pods = new Pods(daemon);
  let pod: string;
  let counting: string;

  function shimsOf(sandbox: string): number[] {
    return listPids().filter((pid) => {
      const args = commandLine(pid);
      return args[args.indexOf('-id') + 1] === sandbox && args[0]?.includes('containerd-shim') === true;
    });
  }

  beforeAll(async () => {
    daemon.writeDropIn(`[cri]
default_runtime = "shim"
[runtimes.shim]
kind = "shim-v2"
path = "${lab('REPO')}/.lab/bin/shims/${release}/containerd-shim-runc-v2"
`);
    await daemon.start();
    await daemon.client.call('PullImage', { image: { image: IMAGE } });
    pod = await pods.run('pod', OWN_PID);
    counting = await pods.start(pod, 'counts', COUNTS, OWN_PID);
  }, 60_000);

  afterAll(() => daemon.destroy());

  it('runs all its containers below one shim, and no pause process', async () => {
    await pods.start(pod, 'second', FOREVER, OWN_PID);

    expect(shimsOf(pod)).toHaveLength(1);
    expect(listPids().filter((pid) => commandLine(pid)[0] === '/pause' && commandLine(pid).includes(pod))).toEqual([]);
  });

  it('keeps exit code and output of a command apart', async () => {
    const cmd = ['sh', '-c', 'echo out; echo err >&2; exit 5'];
    const reply = await daemon.client.call('ExecSync', { containerId: counting, cmd, timeout: 10 });

    expect([reply.stdout.toString(), reply.stderr.toString(), reply.exitCode]).toEqual(['out\n', 'err\n', 5]);
  });

  it('tells a kill for lack of memory', async () => {
    const linux = {
      ...OWN_PID.linux,
      resources: { memoryLimitInBytes: String(32 << 20), memorySwapLimitInBytes: String(32 << 20) },
    };
    const greedy = await pods.start(pod, 'greedy', 'dd if=/dev/zero of=/dev/null bs=200M count=1 & wait $!; exit $?', {
      linux,
    });
    for (let tries = 0; (await pods.status(greedy)).state !== 'CONTAINER_EXITED' && tries < 200; tries++)
      await sleep(50);

    expect(await pods.status(greedy)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  it('goes on while the daemon is dead: no line missing, exits known, commands run', async () => {
    const ends = await pods.start(pod, 'ends', 'sleep 1; echo last words; exit 7', OWN_PID);
    await daemon.kill();
    await sleep(3000);
    await daemon.start();

    expect(await pods.exec(counting, 'echo', 'here')).toBe('here');
    expect(await pods.status(ends)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 7 });
    expect(pods.log('ends')).toEqual(['last words']);
    const lines = pods.log('counts').map(Number);
    expect(lines.length).toBeGreaterThan(100);
    expect(lines).toEqual(lines.map((_, index) => index));
  }, 30_000);

  it('whose shim is killed ends its containers with a reason, and is removed without a trace', async () => {
    for (const pid of shimsOf(pod)) process.kill(pid, 'SIGKILL');
    for (let tries = 0; (await pods.status(counting)).state !== 'CONTAINER_EXITED' && tries < 100; tries++)
      await sleep(50);

    expect(await pods.status(counting)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 255 });
    expect((await pods.status(counting)).reason).not.toBe('');
    const again = await pods.start(pod, 'again', FOREVER, OWN_PID);
    expect(await pods.exec(again, 'echo', 'here')).toBe('here');
    await daemon.client.call('StopPodSandbox', { podSandboxId: pod });
    await daemon.client.call('RemovePodSandbox', { podSandboxId: pod });
    expect(shimsOf(pod)).toEqual([]);
    expect(await leftovers(daemon)).toEqual([]);
  }, 30_000);
});

// gVisor as an OCI runtime under conmon, current and Debian's: pods whose containers share one sandbox process.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa, execaSync } from 'execa';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { PodSandboxConfigInput } from '../../src/gen/runtime/v1/PodSandboxConfig.ts';
import { until } from '../support/eventually.ts';
import { readIfThere } from '../support/read-if-there.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const RELEASES = [
  { handler: 'runsc', args: ['--platform=systrap'], kernel: '4.19.0-gvisor', updates: true, losesOne: true },
  // Its own network stack refuses every namespace of newer kernels.
  {
    handler: 'runsc-debian',
    args: ['--platform=ptrace', '--network=host'],
    kernel: '4.4.0',
    updates: false,
    // It takes the pod's other containers for stopped then; see docs/handlers/gvisor.md.
    losesOne: false,
  },
];
const FOREVER = 'trap "exit 3" TERM; while :; do sleep 0.1; done';

describe.each(RELEASES)('a pod on $handler', ({ handler, args, kernel, updates, losesOne }) => {
  let daemon: TestDaemon;
  let pods: Pods;

  beforeAll(async () => {
    daemon = new TestDaemon();
    const path = join(lab('BIN'), handler);
    daemon.writeDropIn(
      `[runtimes.runc]\nkind = "oci"\n[runtimes.${handler}]\nkind = "oci"\npath = "${path}"\nargs = ${JSON.stringify(args)}\n`,
    );
    // As Debian mounts /run.
    mkdirSync(daemon.run);
    execaSync('mount', ['-t', 'tmpfs', '-o', 'nosuid,nodev,noexec', 'tmpfs', daemon.run]);
    pods = new Pods(daemon);
    await daemon.start();
    await daemon.client.call('PullImage', { image: { image: IMAGE } });
  }, 60_000);

  afterAll(async () => {
    await daemon.removePods();
    await daemon.stop();
    expect(await leftovers(daemon, [`mount ${daemon.run}`])).toEqual([]);
    await daemon.destroy();
  }, 60_000);

  async function runPod(name: string, more: PodSandboxConfigInput = {}, runtimeHandler = handler): Promise<string> {
    const reply = await daemon.client.call('RunPodSandbox', { config: pods.config(name, more), runtimeHandler });
    return reply.podSandboxId;
  }

  function remove(podSandboxId: string) {
    return daemon.client.call('RemovePodSandbox', { podSandboxId });
  }

  /** Pids of the runtime's sandbox processes for a pod. */
  function sentries(podId: string): number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((entry) => readIfThere(`/proc/${entry}/cmdline`).includes('runsc-sandbox'))
      .filter((entry) => readIfThere(`/proc/${entry}/cmdline`).includes(podId))
      .map(Number);
  }

  async function address(podSandboxId: string): Promise<string> {
    const { status } = await daemon.client.call('PodSandboxStatus', { podSandboxId });
    return status!.network!.ip;
  }

  it('lives a whole life: log, exec, statistics, stop, exit code', async () => {
    const pod = await runPod('whole');
    const id = await pods.start(pod, 'main', `echo out; echo err >&2; hostname; dmesg | head -1; ${FOREVER}`);

    await until(() => expect(pods.log('main')).toHaveLength(4));
    expect(pods.log('main').toSorted()).toEqual(['[   0.000000] Starting gVisor...', 'err', 'out', 'whole']);
    expect(await pods.exec(id, 'uname', '-r')).toBe(kernel);
    const missing = daemon.client.failure('ExecSync', { containerId: id, cmd: ['/bin/nothing'], timeout: 10 });
    expect((await missing).details).toMatch(/nothing.*no such file/);
    const { stats } = await daemon.client.call('ContainerStats', { containerId: id });
    expect(Number(stats!.cpu!.usageCoreNanoSeconds!.value)).toBeGreaterThan(0);
    expect(Number(stats!.memory!.workingSetBytes!.value)).toBeGreaterThan(0);
    await daemon.client.call('StopContainer', { containerId: id, timeout: 10 });
    expect(await pods.status(id)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 3, reason: 'Error' });
    await remove(pod);
  });

  it('has its containers in one process, where they see each other over localhost', async () => {
    const pod = await runPod('two');
    await pods.start(pod, 'server', 'while :; do echo hello | nc -l -p 8080; done');
    const client = await pods.start(pod, 'client', FOREVER);

    await until(async () => expect(await pods.exec(client, 'nc', '127.0.0.1', '8080')).toBe('hello'));
    expect(sentries(pod)).toHaveLength(1);
    await remove(pod);
  });

  it('reaches pods by their addresses, of its own kind and of runc’s, both ways', async () => {
    const ids = {
      first: await runPod('first'),
      second: await runPod('second'),
      plain: await runPod('plain', {}, 'runc'),
    };
    for (const [name, pod] of Object.entries(ids)) {
      await pods.start(pod, `server-${name}`, `while :; do echo from ${name} | nc -l -p 8080; done`);
    }
    const client = await pods.start(ids.first, 'client-first', FOREVER);
    const outside = await pods.start(ids.plain, 'client-plain', FOREVER);

    const answer = async (from: string, to: string) => pods.exec(from, 'nc', '-w', '2', await address(to), '8080');
    await until(async () => expect(await answer(client, ids.second)).toBe('from second'));
    await until(async () => expect(await answer(client, ids.plain)).toBe('from plain'));
    await until(async () => expect(await answer(outside, ids.second)).toBe('from second'));
    for (const pod of Object.values(ids)) await remove(pod);
  });

  it('forwards a port of a server that listens on loopback alone', async () => {
    const pod = await runPod('ports');
    const id = await pods.start(
      pod,
      'httpd',
      'mkdir /www; echo found > /www/index.html; httpd -f -p 127.0.0.1:8080 -h /www',
    );
    // crictl ends with the first connection that is refused. Debian's release gives up a read that would have to wait.
    await until(async () =>
      expect(await pods.exec(id, 'wget', '-qO-', 'http://127.0.0.1:8080/index.html')).toMatch(
        /found|error getting response/,
      ),
    );
    const forward = execa('crictl', ['-r', `unix://${daemon.socket}`, 'port-forward', pod, '18080:8080'], {
      reject: false,
    });

    try {
      await until(async () => expect(await get(18080)).toContain('found'));
    } finally {
      forward.kill('SIGKILL');
      await forward;
    }
    await remove(pod);
  });

  it("is on the host's network when it asks for that, and leaves the host's addresses alone", async () => {
    const { stdout: before } = await execa('ip', ['-o', 'addr']);
    const linux = { securityContext: { namespaceOptions: { network: 'NODE' } } } as const;
    const pod = await runPod('host-network', { linux });
    await pods.start(pod, 'server', 'while :; do echo from inside | nc -l -p 18081; done', { linux });

    await until(async () => expect(await get(18081)).toContain('from inside'));
    const { stdout: after } = await execa('ip', ['-o', 'addr']);
    expect(after).toBe(before);
    await remove(pod);
  });

  it('kills a program inside, with its children, when its time is up', async () => {
    const pod = await runPod('slow');
    const id = await pods.start(pod, 'slow', FOREVER);

    const failure = await daemon.client.failure('ExecSync', {
      containerId: id,
      cmd: ['sh', '-c', 'sleep 4711 & sleep 4712; true'],
      timeout: 1,
    });

    expect(failure.code).toBe('DEADLINE_EXCEEDED');
    await until(async () => expect(await pods.exec(id, 'ps')).not.toMatch(/sleep 471/));
    await remove(pod);
  });

  it('tells why a container does not start', async () => {
    const pod = await runPod('wrong');
    const id = await pods.create(pod, 'wrong', '', { command: ['/bin/nothing'] });

    const { details } = await daemon.client.failure('StartContainer', { containerId: id });

    expect(details).toMatch(/\/bin\/nothing.*no such file/);
    expect(await pods.status(id)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 128, reason: 'StartError' });
    await remove(pod);
  });

  it('changes limits, or says that the release cannot', async () => {
    const pod = await runPod('limits');
    const id = await pods.start(pod, 'limits', FOREVER);
    const request = { containerId: id, linux: { memoryLimitInBytes: 100 * 1024 * 1024 } };

    if (updates) await daemon.client.call('UpdateContainerResources', request);
    else {
      const { details } = await daemon.client.failure('UpdateContainerResources', request);
      expect(details).toMatch(/this release has no "update"/);
    }
    await remove(pod);
  });

  it('runs on when the daemon is killed, and so do its exits', async () => {
    const pod = await runPod('killed');
    const [stays, ends] = [await pods.start(pod, 'stays', FOREVER), await pods.start(pod, 'ends', 'sleep 3; exit 9')];
    const unstarted = await pods.create(pod, 'unstarted', FOREVER);

    await daemon.kill();
    await until(() => expect(readIfThere(join(daemon.run, 'exits', ends))).toBe('9'));
    await daemon.start();

    expect(await pods.exec(stays, 'echo', 'here')).toBe('here');
    expect(await pods.status(ends)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 9 });
    await daemon.client.call('StartContainer', { containerId: unstarted });
    expect(await pods.exec(unstarted, 'echo', 'here')).toBe('here');
    await remove(pod);
  });

  it('is not ready, and its containers have ended, when its sandbox process is killed', async () => {
    const pod = await runPod('crash');
    const ids = [await pods.start(pod, 'one', FOREVER), await pods.start(pod, 'other', FOREVER)];
    const [sentry] = sentries(pod);

    process.kill(sentry!, 'SIGKILL');

    for (const id of ids) {
      await until(async () =>
        expect(await pods.status(id)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 }),
      );
    }
    await until(async () => {
      const { status } = await daemon.client.call('PodSandboxStatus', { podSandboxId: pod });
      expect(status!.state).toBe('SANDBOX_NOTREADY');
    });
    await remove(pod);
  });

  it('loses one container alone when what stands in for it on the host is killed', async () => {
    const pod = await runPod('orphan');
    const [lost, other] = [await pods.start(pod, 'lost', FOREVER), await pods.start(pod, 'kept', FOREVER)];
    const standIn = Number(readFileSync(join(daemon.run, 'c', lost, 'pidfile'), 'utf8'));

    process.kill(standIn, 'SIGKILL');

    await until(async () =>
      expect(await pods.status(lost)).toMatchObject({ state: 'CONTAINER_EXITED', reason: 'Unknown' }),
    );
    if (losesOne) expect(await pods.exec(other, 'echo', 'here')).toBe('here');
    await remove(pod);
  });
});

/** What a server on this host answers to a GET of its root. */
function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = createConnection(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

// Every everyday crictl command against a running daemon: each does what its name says.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { crictl, crictlJson, IMAGE, PodFiles } from './lab.ts';

interface Status {
  readonly status: { readonly id: string; readonly state: string; readonly exitCode?: number; readonly reason: string };
}
interface Stats {
  readonly stats: readonly {
    readonly cpu?: object;
    readonly memory: { readonly workingSetBytes: { readonly value: string } };
  }[];
}

const files = new PodFiles();
let pod = '';
let container = '';

interface Sandbox {
  readonly status: { readonly network: { readonly ip: string } };
  readonly info: { readonly cniResult: { readonly ips: readonly { readonly address: string }[] } };
}

describe('crictl', () => {
  beforeAll(async () => {
    await crictl('pull', IMAGE);
    pod = await crictl('runp', files.pod('daily'));
    container = await crictl(
      'create',
      pod,
      files.container('main', 'echo ready; trap "exit 3" TERM; while :; do sleep 0.1; done'),
      files.pod('daily'),
    );
    await crictl('start', container);
    await sleep(300);
  }, 60_000);

  afterAll(() => files.remove());

  it('info: the runtime and the network are ready', async () => {
    const { status } = JSON.parse(await crictl('info')) as {
      status: { conditions: { type: string; status: boolean }[] };
    };
    const ready = status.conditions.filter((condition) => condition.status).map(({ type }) => type);
    expect(ready).toEqual(expect.arrayContaining(['RuntimeReady', 'NetworkReady']));
  });

  it('images: lists what was pulled, by repository and tag', async () => {
    expect(await crictl('images')).toMatch(/registry\.k8s\.io\/e2e-test-images\/busybox\s+1\.29-2/);
  });

  it('pods, ps: list the pod and the container by id', async () => {
    expect(await crictl('pods', '--quiet', '--no-trunc')).toBe(pod);
    expect(await crictl('ps', '--quiet', '--no-trunc')).toBe(container);
  });

  it('inspect, inspectp: tell state and address', async () => {
    const { status } = await crictlJson<Status>('inspect', container);
    expect(status).toMatchObject({ id: container, state: 'CONTAINER_RUNNING' });
    const sandbox = await crictlJson<Sandbox>('inspectp', pod);
    expect(sandbox.status.network.ip).toMatch(/^10\.88\./);
    const addresses = sandbox.info.cniResult.ips.map(({ address }) => address);
    expect(addresses).toEqual([expect.stringContaining(`${sandbox.status.network.ip}/`)]);
  });

  it('exec -s: returns output, and fails with the exit code', async () => {
    expect(await crictl('exec', '-s', container, 'echo', 'a', 'b')).toBe('a b');
    await expect(crictl('exec', '-s', container, 'sh', '-c', 'exit 5')).rejects.toMatchObject({
      stderr: expect.stringContaining('5'),
    });
  });

  it('logs: prints what the container wrote', async () => {
    expect(await crictl('logs', container)).toBe('ready');
  });

  it('stats, statsp: measure memory', async () => {
    const { stats } = await crictlJson<Stats>('stats', container);
    expect(Number(stats[0]?.memory.workingSetBytes.value)).toBeGreaterThan(0);
    expect(await crictl('statsp', '--id', pod)).toContain(pod.slice(0, 13));
  });

  it('stop: the container ends by its own hand, with its own exit code', async () => {
    await crictl('stop', '--timeout', '10', container);
    const { status } = await crictlJson<Status>('inspect', container);
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 3, reason: 'Error' });
  });

  it('rm, stopp, rmp, rmi: take everything away again', async () => {
    await crictl('rm', container);
    expect(await crictl('ps', '--all', '--quiet')).toBe('');
    await crictl('stopp', pod);
    expect(await crictl('pods', '--quiet', '--state', 'ready')).toBe('');
    await crictl('rmp', pod);
    expect(await crictl('pods', '--quiet')).toBe('');
    await crictl('rmi', IMAGE);
    expect(await crictl('images')).not.toContain('e2e-test-images/busybox');
  });
});

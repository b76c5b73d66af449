// What holds on every handler of a node, side by side: pods outlive the daemon, clients that attach, and other users.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/eventually.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const COUNTS = 'i=0; while :; do echo $i; i=$((i + 1)); sleep 0.05; done';
const NOBODY = { runAsUser: { value: '65534' }, runAsGroup: { value: '65534' } };

const oci = (name: string, args: readonly string[] = []) =>
  `kind = "oci"\npath = "${join(lab('BIN'), name)}"\nargs = ${JSON.stringify(args)}\n`;
const shim = (release: string) =>
  `kind = "shim-v2"\npath = "${join(lab('BIN'), 'shims', release, 'containerd-shim-runc-v2')}"\n`;
const TABLES: Readonly<Record<string, string>> = {
  runc: 'kind = "oci"\n',
  'runc-current': oci('runc-current'),
  crun: 'kind = "oci"\n',
  runsc: oci('runsc', ['--platform=systrap']),
  'runsc-debian': oci('runsc-debian', ['--platform=ptrace', '--network=host']),
  'shim-runc': shim('debian'),
  'shim-runc-current': shim('current'),
};
const HANDLERS = Object.keys(TABLES);

const daemon = new TestDaemon();
const pods = new Pods(daemon);
const podOf = new Map<string, string>();
const counting = new Map<string, string>();

const found = (map: ReadonlyMap<string, string>, handler: string) => map.get(handler) ?? '';
const lines = (handler: string) => pods.log(`counts-${handler}`).map(Number);

beforeAll(async () => {
  daemon.writeDropIn(
    Object.entries(TABLES)
      .map(([name, keys]) => `[runtimes.${name}]\n${keys}`)
      .join(''),
  );
  await daemon.start();
  await daemon.client.call('PullImage', { image: { image: IMAGE } });
  for (const handler of HANDLERS) {
    const config = pods.config(handler);
    const { podSandboxId } = await daemon.client.call('RunPodSandbox', { config, runtimeHandler: handler });
    podOf.set(handler, podSandboxId);
    counting.set(handler, await pods.start(podSandboxId, `counts-${handler}`, COUNTS));
  }
}, 120_000);

afterAll(async () => {
  await daemon.removePods();
  await daemon.stop();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 120_000);

describe.each(HANDLERS)('a pod on %s', (handler) => {
  it("leaves the host's /dev/null to root, whoever runs in it", async () => {
    const linux = { securityContext: NOBODY };
    const id = await pods.start(found(podOf, handler), `nobody-${handler}`, 'cat; id -u; exec sleep 86399', { linux });

    await until(() => expect(pods.log(`nobody-${handler}`)).toEqual(['65534']));
    expect(await pods.exec(id, 'sh', '-c', 'cat; id -u')).toBe('65534');
    const { uid, gid, mode } = statSync('/dev/null');
    expect([uid, gid, mode & 0o777]).toEqual([0, 0, 0o666]);
  });

  it('ends the input of a container that is open for one client only, when that one has left', async () => {
    // Many writes right before the end: none may be lost between the monitor's last packet and its own end.
    const count = 'i=0; while [ $i -lt 50 ]; do echo $i; i=$((i + 1)); done';
    const shout = `while read line; do echo "got $line"; done; ${count}; exit 4`;
    const said = ['got one', 'got two', ...Array.from({ length: 50 }, (_, index) => String(index))];
    const name = `once-${handler}`;
    const once = await pods.start(found(podOf, handler), name, shout, { stdin: true, stdinOnce: true });
    const endpoint = ['--runtime-endpoint', `unix://${daemon.socket}`];

    const { stdout } = await execa('crictl', [...endpoint, 'attach', '-i', once], { input: 'one\ntwo\n' });

    expect(stdout.split('\n')).toEqual(said);
    await until(async () => expect(await pods.status(once)).toMatchObject({ exitCode: 4, reason: 'Error' }));
    expect(pods.log(name)).toEqual(said);
  });
});

describe('a daemon that was killed', () => {
  beforeAll(async () => {
    await daemon.kill();
    await daemon.start();
  }, 60_000);

  it.each(HANDLERS)('finds the pod on %s running, with every line, and runs commands in it', async (handler) => {
    const { status } = await daemon.client.call('PodSandboxStatus', { podSandboxId: found(podOf, handler) });
    expect(status?.state).toBe('SANDBOX_READY');
    expect(await pods.status(found(counting, handler))).toMatchObject({ state: 'CONTAINER_RUNNING' });
    expect(await pods.exec(found(counting, handler), 'echo', 'here')).toBe('here');
    const before = lines(handler).length;
    await until(() => expect(lines(handler).length).toBeGreaterThan(before));
    const seen = lines(handler);
    expect(seen).toEqual(seen.map((_, index) => index));
  });

  it.each(HANDLERS)('stops the container on %s and tells its exit', async (handler) => {
    const containerId = found(counting, handler);

    await daemon.client.call('StopContainer', { containerId, timeout: 0 });

    expect(await pods.status(containerId)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 });
  });
});

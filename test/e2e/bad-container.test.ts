// Container requests that are wrong: each gets the code and the words the CRI asks for, and leaves nothing behind.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ContainerConfigInput } from '../../src/gen/runtime/v1/ContainerConfig.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { Pods } from './pods.ts';

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const UNKNOWN = 'f'.repeat(64);
const FOREVER = 'sleep 86399';

beforeAll(async () => {
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
}, 30_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
});

describe('CreateContainer', () => {
  let pod = '';
  beforeAll(async () => {
    pod = await pods.run('host');
  });

  const security = (securityContext: object): ContainerConfigInput => ({ linux: { securityContext } });
  const mount = (more: object): ContainerConfigInput => ({
    mounts: [{ containerPath: '/data', hostPath: '/tmp', ...more }],
  });
  const cases: readonly {
    readonly what: string;
    readonly config: ContainerConfigInput;
    readonly code?: string;
    readonly details: RegExp;
  }[] = [
    { what: 'no metadata', config: { metadata: null }, details: /no metadata with a name/ },
    { what: 'no image', config: { image: null }, details: /names no image/ },
    {
      what: 'an image that is not here',
      config: { image: { image: 'registry.k8s.io/nosuch:1' } },
      code: 'NOT_FOUND',
      details: /image "registry\.k8s\.io\/nosuch:1" not found/,
    },
    { what: 'privileged in a pod that is not', config: security({ privileged: true }), details: /privileged/ },
    {
      what: 'run_as_group alone',
      config: security({ runAsGroup: { value: 1 } }),
      details: /run_as_group 1 is set without run_as_user/,
    },
    {
      what: 'a user name the image lacks',
      config: security({ runAsUsername: 'nosuch' }),
      details: /user "nosuch" is not in the image's \/etc\/passwd/,
    },
    {
      what: 'an unknown capability',
      config: security({ capabilities: { addCapabilities: ['FLY'] } }),
      details: /FLY/,
    },
    {
      what: 'a seccomp profile that is missing',
      config: security({ seccomp: { profileType: 'Localhost', localhostRef: '/nosuch.json' } }),
      details: /nosuch\.json/,
    },
    {
      what: 'unknown device permissions',
      config: { devices: [{ hostPath: '/dev/null', containerPath: '/dev/x', permissions: 'rx' }] },
      details: /permissions "rx" may only hold r, w and m/,
    },
    {
      what: 'a device that is missing',
      config: { devices: [{ hostPath: '/dev/nosuch', containerPath: '/dev/x', permissions: 'r' }] },
      details: /device "\/dev\/nosuch"/,
    },
    {
      what: 'a device that is none',
      config: { devices: [{ hostPath: '/etc/passwd', containerPath: '/dev/x', permissions: 'r' }] },
      details: /\/etc\/passwd/,
    },
    { what: 'a log path that escapes', config: { logPath: '../../etc/cron.d/x' }, details: /log_path .* leaves/ },
    { what: 'an absolute log path', config: { logPath: '/etc/cron.d/x' }, details: /log_path .* leaves/ },
    { what: 'a mount without host path', config: mount({ hostPath: '' }), details: /has no host_path/ },
    { what: 'a mount without container path', config: mount({ containerPath: '' }), details: /no container_path/ },
    { what: 'a relative host path', config: mount({ hostPath: 'tmp' }), details: /"tmp" is not absolute/ },
    {
      what: 'a host path below a file',
      config: mount({ hostPath: '/etc/passwd/x' }),
      code: 'FAILED_PRECONDITION',
      details: /cannot mount "\/etc\/passwd\/x"/,
    },
    {
      what: 'recursive read-only without read-only',
      config: mount({ recursiveReadOnly: true }),
      details: /recursive_read_only needs readonly/,
    },
    {
      what: 'an environment variable that is no text',
      config: { envs: [{ key: 'A', value: Buffer.from([0xff]) }] },
      details: /A/,
    },
    {
      what: 'a target container that is unknown',
      config: security({ namespaceOptions: { pid: 'TARGET', targetId: UNKNOWN } }),
      code: 'NOT_FOUND',
      details: /not found/,
    },
  ];

  it.each(cases)('refuses $what', async ({ config, code = 'INVALID_ARGUMENT', details }) => {
    const before = snapshot(daemon);
    const failure = await client.failure('CreateContainer', {
      podSandboxId: pod,
      config: pods.container('bad', FOREVER, config),
      sandboxConfig: pods.config('host'),
    });
    expect(failure).toEqual({ code, details: expect.stringMatching(details) });
    expect((await client.call('ListContainers', {})).containers).toEqual([]);
    expect(await leftovers(daemon, before)).toEqual([]);
  });
});

describe('a container in the wrong state', () => {
  let pod = '';
  let running = '';
  let exited = '';
  beforeAll(async () => {
    pod = await pods.run('states');
    running = await pods.start(pod, 'running', FOREVER);
    exited = await pods.start(pod, 'exited', 'exit 0');
    await client.call('StopContainer', { containerId: exited, timeout: 2 });
  });

  it('is not started twice', async () => {
    const failure = await client.failure('StartContainer', { containerId: running });
    expect(failure).toEqual({ code: 'FAILED_PRECONDITION', details: expect.stringContaining('is in state "running"') });
  });

  it('is not started again after its end', async () => {
    const failure = await client.failure('StartContainer', { containerId: exited });
    expect(failure).toEqual({ code: 'FAILED_PRECONDITION', details: expect.stringContaining('is in state "exited"') });
  });

  it('runs no commands after its end', async () => {
    const failure = await client.failure('ExecSync', { containerId: exited, cmd: ['true'] });
    expect(failure).toEqual({ code: 'FAILED_PRECONDITION', details: expect.stringContaining('needs a running one') });
  });

  it('reopens no log after its end', async () => {
    expect(await client.failure('ReopenContainerLog', { containerId: exited })).toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });

  it.each([
    ['ExecSync', { timeout: -1, cmd: ['true'] }],
    ['StopContainer', { timeout: -1 }],
  ] as const)('%s refuses a negative time-out', async (method, request) => {
    const failure = await client.failure(method, { ...request, containerId: running });
    expect(failure).toEqual({ code: 'INVALID_ARGUMENT', details: 'timeout is negative' });
  });

  it('ExecSync refuses an empty command', async () => {
    const failure = await client.failure('ExecSync', { containerId: running, cmd: [] });
    expect(failure).toEqual({ code: 'INVALID_ARGUMENT', details: 'the command is empty' });
  });

  it('ExecSync ends a command at its time-out', async () => {
    const request = { containerId: running, cmd: ['sleep', '4321'], timeout: 1 };
    expect(await client.failure('ExecSync', request)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await pods.exec(running, 'ps', '-o', 'args')).not.toContain('4321');
  });

  it('is not made of a program that does not exist', async () => {
    const config = pods.container('noprogram', '', { command: ['/no/such/program'] });
    const failure = await client.failure('CreateContainer', { podSandboxId: pod, config });
    expect(failure.details).toMatch(/"\/no\/such\/program".*no such file/);
  });

  it('an ambiguous prefix names no container', async () => {
    const ids = [running, exited];
    for (let count = 0; count < 40 && new Set(ids.map((id) => id[0])).size === ids.length; count += 1) {
      ids.push(await pods.create(pod, `many-${count}`, FOREVER));
    }
    const first = ids.at(-1)![0]!;
    const failure = await client.failure('ContainerStatus', { containerId: first });
    expect(failure).toEqual({ code: 'INVALID_ARGUMENT', details: `container id prefix "${first}" is ambiguous` });
    expect((await pods.status(running.slice(0, 12))).id).toBe(running);
  }, 30_000);

  it('is not made in a pod that was stopped', async () => {
    await client.call('StopPodSandbox', { podSandboxId: pod });
    const request = { podSandboxId: pod, config: pods.container('late', FOREVER) };
    const failure = await client.failure('CreateContainer', request);
    expect(failure).toEqual({ code: 'FAILED_PRECONDITION', details: expect.stringContaining('is not ready: stopped') });
  });
});

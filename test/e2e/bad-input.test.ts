// Pod and image requests that are wrong, and unknown ids: each gets the code and the words the CRI asks for, and leaves nothing behind.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import type { PodSandboxConfigInput } from '../../src/gen/runtime/v1/PodSandboxConfig.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const UNKNOWN = 'f'.repeat(64);

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

describe('RunPodSandbox', () => {
  const metadata = { name: 'bad', namespace: 'e2e', uid: 'u', attempt: 0 };
  const mapping = { hostId: 100_000, containerId: 0, length: 65_536 };
  const security = (securityContext: object): PodSandboxConfigInput => ({ metadata, linux: { securityContext } });
  const cases: readonly {
    readonly what: string;
    readonly config: PodSandboxConfigInput | null;
    readonly runtimeHandler?: string;
    readonly code: string;
    readonly details: RegExp;
  }[] = [
    { what: 'no config', config: null, code: 'INVALID_ARGUMENT', details: /config is missing/ },
    { what: 'no metadata', config: {}, code: 'INVALID_ARGUMENT', details: /no metadata/ },
    ...(['name', 'namespace', 'uid'] as const).map((field) => ({
      what: `no metadata.${field}`,
      config: { metadata: { ...metadata, [field]: '' } },
      code: 'INVALID_ARGUMENT',
      details: new RegExp(`no ${field}`),
    })),
    {
      what: 'an unknown handler',
      config: { metadata },
      runtimeHandler: 'rnuc',
      code: 'NOT_FOUND',
      details: /runtime handler "rnuc" is not configured; configured are "runc"/,
    },
    {
      what: 'run_as_group alone',
      config: security({ runAsGroup: { value: 1 } }),
      code: 'INVALID_ARGUMENT',
      details: /run_as_group is set without run_as_user/,
    },
    {
      what: 'a sysctl that is not of a namespace',
      config: { metadata, linux: { sysctls: { 'vm.swappiness': '1' } } },
      code: 'INVALID_ARGUMENT',
      details: /"?vm\.swappiness/,
    },
    {
      what: "a network sysctl with the node's network",
      config: {
        metadata,
        linux: {
          sysctls: { 'net.core.somaxconn': '1' },
          securityContext: { namespaceOptions: { network: 'NODE' } },
        },
      },
      code: 'INVALID_ARGUMENT',
      details: /net\.core\.somaxconn/,
    },
    {
      what: 'a sysctl the kernel does not know',
      config: { metadata, linux: { sysctls: { 'net.core.nosuch': '1' } } },
      code: 'INVALID_ARGUMENT',
      details: /net\.core\.nosuch/,
    },
    {
      what: 'a sysctl that climbs out of its namespace',
      config: { metadata, linux: { sysctls: { 'net.//.kernel.panic': '1' } } },
      code: 'INVALID_ARGUMENT',
      details: /net\.\/\/\.kernel\.panic/,
    },
    {
      what: 'a cgroup parent of the other driver',
      config: { metadata, linux: { cgroupParent: 'kubepods.slice' } },
      code: 'INVALID_ARGUMENT',
      details: /kubepods\.slice/,
    },
    {
      what: 'a relative log directory',
      config: { metadata, logDirectory: 'logs' },
      code: 'INVALID_ARGUMENT',
      details: /log_directory "logs" is not an absolute path/,
    },
    {
      what: 'a hostname that is too long',
      config: { metadata, hostname: 'h'.repeat(65) },
      code: 'INVALID_ARGUMENT',
      details: /longer than 64 bytes/,
    },
    {
      what: 'a user namespace without mappings',
      config: security({ namespaceOptions: { usernsOptions: { mode: 'POD' } } }),
      code: 'INVALID_ARGUMENT',
      details: /exactly one uid mapping/,
    },
    {
      what: 'a user namespace on a runtime that cannot map mounts',
      config: security({ namespaceOptions: { usernsOptions: { mode: 'POD', uids: [mapping], gids: [mapping] } } }),
      code: 'FAILED_PRECONDITION',
      details: /does not support user namespaces/,
    },
  ];

  it.each(cases)('refuses $what', async ({ config, runtimeHandler = '', code, details }) => {
    const failure = await client.failure('RunPodSandbox', { config, runtimeHandler });
    expect(failure).toEqual({ code, details: expect.stringMatching(details) });
    expect(await leftovers(daemon)).toEqual([]);
  });

  it('refuses an unknown handler before anything is done, at once', async () => {
    const started = performance.now();
    await client.failure('RunPodSandbox', { config: pods.config('x'), runtimeHandler: 'nosuch' });
    expect(performance.now() - started).toBeLessThan(200);
    expect(existsSync(`${daemon.leases}/crisol-e2e`)).toBe(false);
  });

  it('joins concurrent runs of one pod, and returns the id again afterwards', async () => {
    const ids = await Promise.all([pods.run('twin'), pods.run('twin'), pods.run('twin')]);
    ids.push(await pods.run('twin'));
    expect(new Set(ids).size).toBe(1);
    const { items } = await client.call('ListPodSandbox', {});
    expect(items).toHaveLength(1);
    await daemon.removePods();
    expect(await leftovers(daemon)).toEqual([]);
  });
});

describe('an unknown id', () => {
  it.each([
    ['PodSandboxStatus', { podSandboxId: UNKNOWN }],
    ['PodSandboxStats', { podSandboxId: UNKNOWN }],
    ['ContainerStatus', { containerId: UNKNOWN }],
    ['ContainerStats', { containerId: UNKNOWN }],
    ['StartContainer', { containerId: UNKNOWN }],
    ['ReopenContainerLog', { containerId: UNKNOWN }],
    ['ExecSync', { containerId: UNKNOWN, cmd: ['true'] }],
    ['UpdateContainerResources', { containerId: UNKNOWN, linux: { cpuShares: 2 } }],
    ['CreateContainer', { podSandboxId: UNKNOWN, config: pods.container('c', 'true') }],
    ['ContainerStatus', { containerId: '' }],
    ['PodSandboxStatus', { podSandboxId: '' }],
    ['StartContainer', { containerId: '' }],
  ] as const)('%s of %j is NOT_FOUND', async (method, request) => {
    const failure = await client.failure(method, request);
    expect(failure).toEqual({
      code: 'NOT_FOUND',
      details: expect.stringMatching(/(pod sandbox|container) ".*" not found/),
    });
  });

  it.each([
    ['StopContainer', { containerId: UNKNOWN, timeout: 1 }],
    ['RemoveContainer', { containerId: UNKNOWN }],
    ['StopPodSandbox', { podSandboxId: UNKNOWN }],
    ['RemovePodSandbox', { podSandboxId: UNKNOWN }],
    ['RemoveImage', { image: { image: 'registry.k8s.io/nosuch:1' } }],
  ] as const)('%s of %j succeeds', async (method, request) => {
    expect(await client.call(method, request)).toEqual({});
  });

  it('ImageStatus of an unknown image has none', async () => {
    expect((await client.call('ImageStatus', { image: { image: 'registry.k8s.io/nosuch:1' } })).image).toBeNull();
  });

  it('lists nothing', async () => {
    expect((await client.call('ListPodSandbox', { filter: { id: UNKNOWN } })).items).toEqual([]);
    expect((await client.call('ListContainers', { filter: { id: UNKNOWN } })).containers).toEqual([]);
  });
});

describe('images', () => {
  it.each([
    { what: 'no image', image: null, code: 'INVALID_ARGUMENT', details: /image is missing/ },
    { what: 'no name', image: { image: '' }, code: 'INVALID_ARGUMENT', details: /image\.image is empty/ },
    { what: 'a bad name', image: { image: 'UPPER/Case:x:y' }, code: 'INVALID_ARGUMENT', details: /UPPER\/Case/ },
    {
      what: 'an unknown tag',
      image: { image: 'registry.k8s.io/e2e-test-images/busybox:none' },
      code: 'NOT_FOUND',
      details: /not found/,
    },
  ])('PullImage refuses $what', async ({ image, code, details }) => {
    const failure = await client.failure('PullImage', { image });
    expect(failure).toEqual({ code, details: expect.stringMatching(details) });
  });
});

// Every RPC of both services with ids that are unknown, empty or cut short, and calls that are repeated. A service's own
// definition says which RPCs there are, so that none can be forgotten.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadProtocols } from '../../src/rpc/load-proto.ts';
import { findService } from '../../src/rpc/service.ts';
import type { CriClient } from './cri-client.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

type Method = Parameters<CriClient['call']>[0];
type Request = (id: string) => object;

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const UNKNOWN = 'f'.repeat(64);
const PREFIX = 13;

const ofPod: Request = (podSandboxId) => ({ podSandboxId });
const ofContainer: Request = (containerId) => ({ containerId });
const filtered: Request = (id) => ({ filter: { id } });

/** Reads and changes of one object: an unknown one is NOT_FOUND. */
const OF_POD: Partial<Record<Method, Request>> = {
  PodSandboxStatus: ofPod,
  PodSandboxStats: ofPod,
  UpdatePodSandboxResources: ofPod,
  PortForward: ofPod,
  CreateContainer: (podSandboxId) => ({ podSandboxId, config: pods.container('again', 'sleep 86399') }),
};
const OF_CONTAINER: Partial<Record<Method, Request>> = {
  ContainerStatus: ofContainer,
  ContainerStats: ofContainer,
  StartContainer: ofContainer,
  UpdateContainerResources: (containerId) => ({ containerId, linux: { cpuShares: 512 } }),
  ReopenContainerLog: ofContainer,
  ExecSync: (containerId) => ({ containerId, cmd: ['true'], timeout: 10 }),
  Exec: (containerId) => ({ containerId, cmd: ['true'], stdout: true }),
  Attach: (containerId) => ({ containerId, stdout: true }),
};
/** What is to be gone afterwards: it succeeds for what never was. */
const ENDS: Partial<Record<Method, Request>> = {
  StopContainer: (containerId) => ({ containerId, timeout: 1 }),
  RemoveContainer: ofContainer,
  StopPodSandbox: ofPod,
  RemovePodSandbox: ofPod,
};
/** Lists, with the field that they fill, and whether of pods or of containers. */
const LISTS: Partial<Record<Method, { readonly field: string; readonly of: 'pod' | 'container' }>> = {
  ListPodSandbox: { field: 'items', of: 'pod' },
  ListContainers: { field: 'containers', of: 'container' },
  ListContainerStats: { field: 'stats', of: 'container' },
  ListPodSandboxStats: { field: 'stats', of: 'pod' },
  StreamPodSandboxes: { field: 'podSandboxes', of: 'pod' },
  StreamContainers: { field: 'containers', of: 'container' },
  StreamContainerStats: { field: 'containerStats', of: 'container' },
  StreamPodSandboxStats: { field: 'podSandboxStats', of: 'pod' },
};
/** Calls that name no object. */
const OF_THE_NODE: Partial<Record<Method, object>> = {
  Version: {},
  Status: { verbose: true },
  RuntimeConfig: {},
  UpdateRuntimeConfig: { runtimeConfig: { networkConfig: { podCidr: '' } } },
  ListMetricDescriptors: {},
  ListPodSandboxMetrics: {},
  ListImages: {},
  ImageFsInfo: {},
  PullImage: { image: { image: IMAGE } },
};
/** Not served: see docs/scope.md. */
const UNSERVED: readonly Method[] = ['CheckpointContainer', 'CheckpointPod', 'RestorePod'];
/** In tests of their own below, and in streams.test.ts. */
const ELSEWHERE: readonly Method[] = [
  ...(['RunPodSandbox', 'ImageStatus', 'RemoveImage'] as const),
  ...(['GetContainerEvents', 'StreamImages', 'StreamPodSandboxMetrics'] as const),
];

const entries = <T>(table: Partial<Record<Method, T>>) => Object.entries(table) as [Method, T][];

let pod = '';
let container = '';

beforeAll(async () => {
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
  pod = await pods.run('every');
  container = await pods.start(pod, 'main', 'sleep 86399');
}, 60_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 30_000);

async function listed(method: Method, field: string, id: string): Promise<readonly unknown[]> {
  const request = filtered(id);
  const replies = method.startsWith('Stream')
    ? await client.stream(method, request)
    : [await client.call(method, request)];
  return replies.flatMap((reply) => (reply as unknown as Record<string, readonly unknown[]>)[field] ?? []);
}

describe('the tables', () => {
  it('name every RPC of both services', () => {
    const protocols = loadProtocols();
    const methods = ['RuntimeService', 'ImageService'].flatMap((name) =>
      Object.keys(findService(protocols, `runtime.v1.${name}`)),
    );
    const tables = [OF_POD, OF_CONTAINER, ENDS, LISTS, OF_THE_NODE].flatMap(Object.keys);

    expect([...tables, ...UNSERVED, ...ELSEWHERE].toSorted()).toEqual(methods.toSorted());
  });
});

describe.each([
  { what: 'unknown', id: UNKNOWN },
  { what: 'empty', id: '' },
])('an id that is $what', ({ id }) => {
  it.each(entries({ ...OF_POD, ...OF_CONTAINER }))('%s is NOT_FOUND, and names it', async (method, request) => {
    expect(await client.failure(method, request(id))).toEqual({
      code: 'NOT_FOUND',
      details: expect.stringContaining(`"${id}" not found`),
    });
  });

  it.each(entries(ENDS))('%s succeeds', async (method, request) => {
    expect(await client.call(method, request(id))).toEqual({});
  });
});

describe('a list', () => {
  it.each(entries(LISTS))('%s has nothing of an unknown id', async (method, { field }) => {
    expect(await listed(method, field, UNKNOWN)).toEqual([]);
  });

  it.each(entries(LISTS))('%s takes the beginning of an id, and none for all', async (method, { field, of }) => {
    const id = of === 'pod' ? pod : container;
    const [whole, cut, none] = [id, id.slice(0, PREFIX), ''].map((wanted) => listed(method, field, wanted));

    expect(JSON.stringify(await whole)).toContain(id);
    expect(await cut).toHaveLength(1);
    expect(await none).toHaveLength(1);
  });
});

describe('the beginning of an id', () => {
  it.each(entries({ ...OF_POD, ...OF_CONTAINER }).filter(([method]) => !/^(Create|Start)/.test(method)))(
    'stands for it in %s',
    async (method, request) => {
      const id = method in OF_POD ? pod : container;
      await expect(client.call(method, request(id.slice(0, PREFIX)))).resolves.toBeDefined();
    },
  );

  it('stands for it in everything that makes and ends a container', async () => {
    const cut = pod.slice(0, PREFIX);
    const { containerId } = await client.call('CreateContainer', {
      podSandboxId: cut,
      config: pods.container('cut', 'sleep 86399'),
    });
    for (const method of ['StartContainer', 'StopContainer', 'RemoveContainer'] as const) {
      await client.call(method, { containerId: containerId.slice(0, PREFIX) });
    }
    expect(await client.failure('ContainerStatus', { containerId })).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a repeated call', () => {
  it.each(entries(OF_THE_NODE))('%s is answered again', async (method, request) => {
    const keys = Object.keys(await client.call(method, request));
    expect(Object.keys(await client.call(method, request))).toEqual(keys);
  });

  it('RunPodSandbox and CreateContainer return the id there is', async () => {
    expect(await pods.run('every')).toBe(pod);
    const first = await pods.create(pod, 'twice', 'sleep 86399');
    expect(await pods.create(pod, 'twice', 'sleep 86399')).toBe(first);
    await client.call('RemoveContainer', { containerId: first });
  });

  it('StartContainer of what runs is refused, with its state', async () => {
    expect(await client.failure('StartContainer', { containerId: container })).toEqual({
      code: 'FAILED_PRECONDITION',
      details: expect.stringContaining('running'),
    });
  });

  it.each(['UpdateContainerResources', 'UpdatePodSandboxResources', 'ReopenContainerLog', 'ExecSync'] as const)(
    '%s does the same again',
    async (method) => {
      const request = { ...OF_POD, ...OF_CONTAINER }[method]!(method in OF_POD ? pod : container);
      const first = await client.call(method, request);
      expect(await client.call(method, request)).toEqual(first);
    },
  );

  it('Exec, Attach and PortForward give a URL of its own to each', async () => {
    for (const method of ['Exec', 'Attach', 'PortForward'] as const) {
      const request = { ...OF_POD, ...OF_CONTAINER }[method]!(method === 'PortForward' ? pod : container);
      const urls = [await client.call(method, request), await client.call(method, request)].map(({ url }) => url);
      expect(new Set(urls).size).toBe(2);
    }
  });

  it('every Stop and Remove succeeds again', async () => {
    const other = await pods.run('ends');
    const containerId = await pods.start(other, 'ends', 'sleep 86399');
    for (const [method, request] of entries(ENDS)) {
      const id = method.endsWith('Container') ? containerId : other;
      for (let count = 0; count < 2; count += 1) expect(await client.call(method, request(id))).toEqual({});
    }
  });
});

describe('images', () => {
  it('ImageStatus has none of an unknown one, finds it by the beginning of its id, and wants a name', async () => {
    const { image } = await client.call('ImageStatus', { image: { image: IMAGE } });
    const [, digest = ''] = image!.id.split(':');

    const byPrefix = await client.call('ImageStatus', { image: { image: digest.slice(0, PREFIX) } });
    expect(byPrefix.image?.id).toBe(image?.id);
    expect((await client.call('ImageStatus', { image: { image: UNKNOWN } })).image).toBeNull();
    expect(await client.failure('ImageStatus', { image: { image: '' } })).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('RemoveImage succeeds for an unknown one and again, and wants a name', async () => {
    for (let count = 0; count < 2; count += 1) {
      expect(await client.call('RemoveImage', { image: { image: UNKNOWN } })).toEqual({});
    }
    expect(await client.failure('RemoveImage', { image: { image: '' } })).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('what is not served', () => {
  it.each(UNSERVED)('%s is UNIMPLEMENTED', async (method) => {
    expect(await client.failure(method, {})).toMatchObject({ code: 'UNIMPLEMENTED' });
  });
});

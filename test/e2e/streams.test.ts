// The streaming RPCs of a running daemon: lists in batches, and the events of a pod's life.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import type { ProtoGrpcType } from '../../src/gen/api.ts';
import type { ContainerEventResponse as Event } from '../../src/gen/runtime/v1/ContainerEventResponse.ts';
import { loadProtocols } from '../../src/rpc/load-proto.ts';
import { eventually } from '../support/eventually.ts';
import { crictl, IMAGE, lab, PodFiles } from './lab.ts';

const { runtime } = loadProtocols() as unknown as ProtoGrpcType;
const files = new PodFiles();
const events: Event[] = [];
let clients: readonly grpc.Client[] = [];
let listening: grpc.ClientReadableStream<Event>;
let pod = '';
let container = '';

async function stream(method: string, request: object = {}): Promise<Record<string, readonly { id?: string }[]>[]> {
  const client = clients.find((candidate) => method in candidate) as unknown as Record<
    string,
    (request: object) => AsyncIterable<Record<string, readonly { id?: string }[]>>
  >;
  const messages = [];
  for await (const message of client[method]!(request)) messages.push(message);
  return messages;
}

describe('the streams of the CRI', () => {
  beforeAll(async () => {
    const socket = lab('CONTAINER_RUNTIME_ENDPOINT');
    const credentials = grpc.credentials.createInsecure();
    const service = new runtime.v1.RuntimeService(socket, credentials);
    clients = [service, new runtime.v1.ImageService(socket, credentials)];
    await crictl('pull', IMAGE);
    listening = service.GetContainerEvents({});
    listening.on('data', (event: Event) => events.push(event)).on('error', () => undefined);
    await once(listening, 'metadata');
    pod = await crictl('runp', files.pod('streams'));
    container = await crictl('create', pod, files.container('main', 'sleep 86399'), files.pod('streams'));
    await crictl('start', container);
  }, 120_000);

  afterAll(() => {
    listening.cancel();
    for (const client of clients) client.close();
    files.remove();
  });

  it.each([
    { method: 'StreamPodSandboxes', field: 'podSandboxes' },
    { method: 'StreamContainers', field: 'containers' },
    { method: 'StreamContainerStats', field: 'containerStats' },
    { method: 'StreamPodSandboxStats', field: 'podSandboxStats' },
    { method: 'StreamPodSandboxMetrics', field: 'podSandboxMetrics' },
    { method: 'StreamImages', field: 'images' },
  ])('$method sends one message with what there is', async ({ method, field }) => {
    const messages = await stream(method);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.[field]).toHaveLength(1);
  });

  it.each(['StreamPodSandboxes', 'StreamContainers', 'StreamContainerStats', 'StreamPodSandboxStats'])(
    '%s sends no message when nothing matches',
    async (method) => {
      expect(await stream(method, { filter: { id: 'f'.repeat(64) } })).toEqual([]);
    },
  );

  it("tells a pod's whole life in order, each event with the statuses of that moment", async () => {
    await crictl('rmp', '--force', pod);
    await eventually(() => events.at(-1)?.containerEventType === 'CONTAINER_DELETED_EVENT' && events.length >= 8);
    const told = events.map(({ containerId, containerEventType }) => [
      containerId === pod ? 'pod' : containerId === container ? 'container' : containerId,
      containerEventType.replace(/CONTAINER_(.*)_EVENT/, '$1'),
    ]);
    expect(told).toEqual([
      ['pod', 'CREATED'],
      ['pod', 'STARTED'],
      ['container', 'CREATED'],
      ['container', 'STARTED'],
      ['container', 'STOPPED'],
      ['pod', 'STOPPED'],
      ['container', 'DELETED'],
      ['pod', 'DELETED'],
    ]);
    for (const { podSandboxStatus } of events) expect(podSandboxStatus?.id).toBe(pod);
    expect(events.map(({ containersStatuses }) => containersStatuses.map(({ state }) => state))).toEqual([
      [],
      [],
      ['CONTAINER_CREATED'],
      ['CONTAINER_RUNNING'],
      ['CONTAINER_EXITED'],
      ['CONTAINER_EXITED'],
      [],
      [],
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { inBatches } from '../../../src/cri/batches.ts';
import { createDirectEncoder } from '../../../src/rpc/direct-encoder.ts';
import { loadProtocols } from '../../../src/rpc/load-proto.ts';
import { findService } from '../../../src/rpc/service.ts';

const encode = createDirectEncoder()('StreamContainersResponse');
const { StreamContainers } = findService(loadProtocols(), 'runtime.v1.RuntimeService');

async function batches(ids: readonly string[]): Promise<{ bytes: number; ids: string[] }[]> {
  const messages: { bytes: number; ids: string[] }[] = [];
  for await (const message of inBatches(ids, (id) => encode({ containers: [{ id, state: 1 }] }))) {
    const reply = StreamContainers?.responseDeserialize(message) as { containers: { id: string; state: string }[] };
    expect(new Set(reply.containers.map(({ state }) => state))).toEqual(new Set(['CONTAINER_RUNNING']));
    messages.push({ bytes: message.length, ids: reply.containers.map(({ id }) => id) });
  }
  return messages;
}

describe('inBatches()', () => {
  it('makes no message of nothing', async () => {
    expect(await batches([])).toEqual([]);
  });

  it('puts at most 5000 items into a message and keeps their order', async () => {
    const ids = Array.from({ length: 12_001 }, (_, index) => `id-${index}`);
    const messages = await batches(ids);
    expect(messages.map((message) => message.ids.length)).toEqual([5000, 5000, 2001]);
    expect(messages.flatMap((message) => message.ids)).toEqual(ids);
  });

  it('begins a new message well below what clients accept', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => String(index).repeat(1024 * 1024));
    const messages = await batches(ids);
    expect(messages.flatMap((message) => message.ids)).toEqual(ids);
    for (const { bytes } of messages) expect(bytes).toBeLessThanOrEqual(2 * 1024 * 1024 + 64);
  });

  it('sends an item that is larger than that alone', async () => {
    const messages = await batches(['a', 'b'.repeat(3 * 1024 * 1024), 'c']);
    expect(messages.map((message) => message.ids.length)).toEqual([1, 1, 1]);
  });
});

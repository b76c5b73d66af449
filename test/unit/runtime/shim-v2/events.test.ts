import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Protocol } from '../../../../src/runtime/shim-v2/protocol.ts';
import { ShimEvents } from '../../../../src/runtime/shim-v2/events.ts';
import { TtrpcClient } from '../../../../src/runtime/shim-v2/ttrpc/client.ts';

const SERVICE = 'containerd.services.events.ttrpc.v1.Events';

describe('ShimEvents', () => {
  const protocol = new Protocol();
  let dir: string;
  let events: ShimEvents;
  let client: TtrpcClient;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'events-'));
    mkdirSync(join(dir, 'c/box'), { recursive: true });
    events = new ShimEvents({ protocol, path: join(dir, 'e.sock'), bundles: join(dir, 'c') });
    await events.listen();
    client = await TtrpcClient.connect(protocol, events.path, 1000);
  });

  afterEach(() => {
    client.close();
    events.close();
    rmSync(dir, { recursive: true });
  });

  function forward(type: string, event: object): Promise<Buffer> {
    const envelope = { topic: '/tasks/x', event: { type_url: type, value: protocol.encode(type, event) } };
    const request = protocol.encode('containerd.services.events.ttrpc.v1.ForwardRequest', { envelope });
    return client.call(SERVICE, 'Forward', request);
  }

  it('oomKilled() is true of the task whose event came, and of no other', async () => {
    mkdirSync(join(dir, 'c/other'));

    await forward('containerd.events.TaskOOM', { containerId: 'box' });

    expect(await events.oomKilled(join(dir, 'c/box'), 0)).toBe(true);
    expect(await events.oomKilled(join(dir, 'c/other'), 20)).toBe(false);
  });

  it('oomKilled() waits for an event that comes after the exit', async () => {
    const answer = events.oomKilled(join(dir, 'c/box'), 2000);

    await forward('containerd.events.TaskOOM', { containerId: 'box' });

    expect(await answer).toBe(true);
  });

  it('takes other events, and names that lead elsewhere, without harm', async () => {
    await forward('containerd.events.TaskExit', { containerId: 'box', exitStatus: 3 });
    await forward('containerd.events.TaskOOM', { containerId: '../../evil' });
    await forward('containerd.events.TaskOOM', { containerId: 'gone' });

    expect([existsSync(join(dir, 'c/box/oom')), existsSync(join(dir, 'c/gone'))]).toEqual([false, false]);
  });

  it('refuses what it does not serve', async () => {
    await expect(client.call('a.Service', 'Do', Buffer.alloc(0))).rejects.toMatchObject({ code: 'unimplemented' });
  });

  it('listens again where a killed daemon left its socket', async () => {
    const next = new ShimEvents({ protocol, path: events.path, bundles: join(dir, 'c') });
    await next.listen();
    next.close();
  });
});

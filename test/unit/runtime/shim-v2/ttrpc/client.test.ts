import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TtrpcClient } from '../../../../../src/runtime/shim-v2/ttrpc/client.ts';
import { eventually } from '../../../../support/eventually.ts';
import { FakeShim, type FakeCall } from '../fake-shim.ts';

describe('TtrpcClient', () => {
  let dir: string;
  let shim: FakeShim;
  let client: TtrpcClient;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ttrpc-'));
  });

  afterEach(() => {
    client.close();
    shim.close();
    rmSync(dir, { recursive: true });
  });

  async function start(onCall?: (call: FakeCall) => void): Promise<void> {
    shim = new FakeShim(onCall);
    await shim.listen(join(dir, 's'));
    client = await TtrpcClient.connect(shim.protocol, join(dir, 's'), 1000);
  }

  const call = (method: string, options = {}) => client.call('a.Service', method, Buffer.from('in'), options);

  it('call() sends service, method, payload and time limit, and gives the payload of the answer', async () => {
    await start((received) => received.answer({ payload: Buffer.from('out') }));

    expect((await call('Do', { timeoutMs: 1500 })).toString()).toBe('out');
    expect(shim.calls[0]).toMatchObject({ service: 'a.Service', method: 'Do', timeoutNano: '1500000000' });
    expect(shim.calls[0]?.payload.toString()).toBe('in');
  });

  it('call() matches answers that come in another order', async () => {
    await start();
    const [first, second] = [call('First'), call('Second')];
    await eventually(() => shim.calls.length === 2);

    for (const received of [...shim.calls].reverse()) received.answer({ payload: Buffer.from(received.method) });

    expect((await Promise.all([first, second])).map(String)).toEqual(['First', 'Second']);
  });

  it.each([
    { status: 5, code: 'not-found' },
    { status: 12, code: 'unimplemented' },
    { status: 2, code: 'unknown' },
    { status: 9, code: 'failed-precondition' },
    { status: 99, code: 'unknown' },
  ])('call() gives status $status as $code with its message', async ({ status, code }) => {
    await start((received) => received.answer({ status: { code: status, message: 'no such task' } }));

    await expect(call('Do')).rejects.toMatchObject({ code, message: 'no such task' });
  });

  it('call() fails when the connection ends first, and so do later calls', async () => {
    await start((received) => received.hangUp());

    await expect(call('Shutdown')).rejects.toMatchObject({ code: 'unavailable' });
    await client.closed;
    expect(client.isClosed).toBe(true);
    await expect(call('Do')).rejects.toThrow('the connection is closed');
  });

  it('call() gives up at its time limit, and takes no harm from the late answer', async () => {
    await start();
    await expect(call('Slow', { timeoutMs: 30 })).rejects.toMatchObject({ code: 'deadline-exceeded' });
    shim.calls[0]?.answer({ payload: Buffer.from('late') });
    const next = call('Next');
    await eventually(() => shim.calls.length === 2);
    shim.calls[1]?.answer({ payload: Buffer.from('in time') });

    expect((await next).toString()).toBe('in time');
  });

  it('call() rejects when its caller has gone', async () => {
    await start();

    await expect(call('Wait', { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('call() fails when the peer speaks something else', async () => {
    await start((received) => received.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')));

    await expect(call('Do')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('connect() names a socket at which nobody listens', async () => {
    await start();

    await expect(TtrpcClient.connect(shim.protocol, join(dir, 'none'), 1000)).rejects.toThrow(join(dir, 'none'));
  });
});

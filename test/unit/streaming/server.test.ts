import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createLogger } from '../../../src/observe/logger.ts';
import { StreamingServer } from '../../../src/streaming/server.ts';
import type { ClientStreams, ExecRequest } from '../../../src/streaming/session.ts';

const EXEC: ExecRequest = {
  ...{ kind: 'exec', containerId: 'c', command: ['echo'] },
  ...{ tty: false, stdin: true, stdout: true, stderr: false },
};

/** Sends back what comes in, and ends with code 3. */
async function echo({ stdin, stdout }: ClientStreams): Promise<number> {
  stdin?.pipe(stdout!, { end: false });
  await once(stdin!, 'end');
  return 3;
}

describe('StreamingServer', () => {
  let server: StreamingServer;
  let running: ClientStreams[];
  let clock = 0;

  beforeEach(async () => {
    running = [];
    server = await StreamingServer.start({
      ...{ address: '127.0.0.1', port: 0, creationMs: 400, idleMs: 800, log: createLogger('fatal') },
      now: () => clock,
      runtime: {
        exec: (_request, streams) => {
          running.push(streams);
          return echo(streams);
        },
        attach: () => Promise.reject(new TypeError('not here')),
        connect: () => Promise.reject(new TypeError('not here')),
      },
    });
  });

  afterEach(() => server.close());

  async function upgrade(url: string, protocol = 'SPDY/3.1'): Promise<{ socket: Socket; head: string }> {
    const { port, pathname } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST ${pathname} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    return { socket, head: head.toString() };
  }

  async function openWebSocket(protocols: string[]): Promise<WebSocket> {
    const socket = new WebSocket(server.issue(EXEC).replace('http:', 'ws:'), protocols);
    await once(socket, 'open');
    return socket;
  }

  it('issue: names the address, the port and the kind', () => {
    expect(server.issue(EXEC)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/exec\/[\w-]{24}$/);
  });

  it.each([
    { name: 'an unknown token', change: (url: string) => url.slice(0, -1) },
    { name: 'a token of another kind', change: (url: string) => url.replace('/exec/', '/attach/') },
    { name: 'a path below a token', change: (url: string) => `${url}/x` },
    { name: 'any other path', change: (url: string) => new URL('/', url).href },
  ])('answers 404 and nothing else to $name', async ({ change }) => {
    const { head } = await upgrade(change(server.issue(EXEC)));
    expect(head).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*Content-Length: 0\r\n\r\n$/);
    const [response] = (await once(get(change(server.issue(EXEC))), 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(404);
  });

  it('answers byte for byte the same to tokens that are unknown, used and expired', async () => {
    const [used, expired] = [server.issue(EXEC), server.issue(EXEC)];
    expect((await upgrade(used)).head).toMatch(/^HTTP\/1\.1 101 /);
    clock += 60_000;
    const unknown = `${new URL('/exec/', used).href}${'A'.repeat(24)}`;
    const answers = await Promise.all([unknown, used, expired].map(async (url) => (await upgrade(url)).head));
    expect(answers[0]).toMatch(/^HTTP\/1\.1 404 /);
    expect(new Set(answers)).toHaveProperty('size', 1);
    const bodies = [unknown, used, expired].map(async (url) => {
      const [response] = (await once(get(url), 'response')) as [IncomingMessage];
      delete response.headers.date;
      return JSON.stringify([response.statusCode, response.headers, await text(response)]);
    });
    expect(new Set(await Promise.all(bodies))).toHaveProperty('size', 1);
  });

  it('answers 400 to an upgrade to something else', async () => {
    expect((await upgrade(server.issue(EXEC), 'h2c')).head).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('cuts off a client that opens no streams in time', async () => {
    const { socket } = await upgrade(server.issue(EXEC));
    await once(socket, 'end');
    expect(running).toHaveLength(0);
  });

  it('keeps no timer of a client that has gone before it opened its streams', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    for (let count = 0; count < 5; count += 1) (await upgrade(server.issue(EXEC))).socket.destroy();
    // Less than the time that clients are given.
    for (let tries = 0; tries < 25 && timers() > before; tries += 1) await sleep(10);
    expect(timers()).toBeLessThanOrEqual(before + 1);
  });

  it('garbage ends its own connection, and the others go on', async () => {
    const other = await openWebSocket(['v5.channel.k8s.io']);
    const { socket } = await upgrade(server.issue(EXEC));
    socket.write(Buffer.alloc(100, 0xff));
    await once(socket, 'end');
    other.send(Buffer.from([0, 120]));
    const [echoed] = (await once(other, 'message')) as [Buffer];
    expect(echoed.length).toBeLessThanOrEqual(2);
    other.close();
  });

  it.each([
    { protocol: 'v5.channel.k8s.io', status: /"NonZeroExitCode"/ },
    { protocol: 'v4.channel.k8s.io', status: undefined },
  ])('$protocol: echoes, and v5 can end its input', async ({ protocol, status }) => {
    const socket = await openWebSocket([protocol]);
    const texts = ['', '', '', '', ''];
    socket.on('message', (message: Buffer) => {
      const channel = message[0] ?? 0;
      texts[channel] = (texts[channel] ?? '') + message.toString('latin1', 1);
    });
    socket.send(Buffer.from('\0hello', 'latin1'));
    for (let tries = 0; tries < 300 && texts[1] === ''; tries += 1) await sleep(1);
    expect(texts[1]).toBe('hello');
    if (status === undefined) {
      socket.terminate();
    } else {
      socket.send(Buffer.from([255, 0]));
      const [code] = (await once(socket, 'close')) as [number];
      expect({ code, error: texts[3] }).toEqual({ code: 1000, error: expect.stringMatching(status) });
    }
  });

  it.each([
    { name: 'a channel that does not exist', message: Buffer.from([9, 1]), code: 1002 },
    { name: 'a message without a channel', message: Buffer.alloc(0), code: 1002 },
    { name: 'an oversized message', message: Buffer.alloc(2_000_000), code: 1009 },
  ])('closes a WebSocket after $name', async ({ message, code }) => {
    const socket = await openWebSocket(['v4.channel.k8s.io']);
    socket.send(message);
    expect(await once(socket, 'close')).toEqual([code, expect.anything()]);
  });

  it('refuses a WebSocket that speaks no known protocol', async () => {
    await expect(openWebSocket(['chat'])).rejects.toThrow('400');
  });

  it('cuts off a connection on which nothing moves', async () => {
    const socket = await openWebSocket(['v4.channel.k8s.io']);
    await once(socket, 'close');
    await sleep(20);
    expect(running[0]?.signal.aborted).toBe(true);
    expect(server.clients).toBe(0);
  });

  it('close: ends every client', async () => {
    const socket = await openWebSocket(['v4.channel.k8s.io']);
    await Promise.all([once(socket, 'close'), server.close()]);
    expect(running[0]?.signal.aborted).toBe(true);
    server = await StreamingServer.start({
      ...{ address: '127.0.0.1', port: 0, log: createLogger('fatal') },
      runtime: {
        exec: () => Promise.resolve(0),
        attach: () => Promise.resolve(),
        connect: () => Promise.reject(new TypeError('no')),
      },
    });
  });
});

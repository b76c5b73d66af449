// A million random frames over real connections: each may end its own, and nothing else. FUZZ_FRAMES and FUZZ_SEED
// choose another run; the seed is part of the test's name.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { StreamingServer } from '../../src/streaming/server.ts';
import type { StreamRequest } from '../../src/streaming/session.ts';
import { seeded, type Random } from '../soak/random.ts';
import { SpdyClient } from '../soak/spdy-client.ts';
import { eventually } from '../support/eventually.ts';
import { SpdyFrames, WebSocketFrames } from './frames.ts';
import { RawClient, type Transport } from './raw-client.ts';
import { ATTACH, EXEC, FORWARD, startServer } from './server.ts';

const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 1_000_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const AT_ONCE = 6;
const MAX_BATCHES = 60;
const MAX_BATCH = 40;
/** How long a client waits for a server that does not take its frames, in milliseconds. */
const PATIENCE_MS = 50;

interface Way {
  readonly transport: Transport;
  readonly request: StreamRequest;
  readonly protocol: string;
}

const WAYS: readonly Way[] = [
  { transport: 'spdy', request: EXEC, protocol: 'v4.channel.k8s.io' },
  { transport: 'spdy', request: ATTACH, protocol: 'v3.channel.k8s.io' },
  { transport: 'spdy', request: FORWARD, protocol: 'portforward.k8s.io' },
  { transport: 'websocket', request: EXEC, protocol: 'v5.channel.k8s.io' },
  { transport: 'websocket', request: ATTACH, protocol: 'v4.channel.k8s.io' },
  { transport: 'websocket', request: EXEC, protocol: 'v4.base64.channel.k8s.io' },
  { transport: 'websocket', request: FORWARD, protocol: 'v4.channel.k8s.io' },
  { transport: 'tunnel', request: FORWARD, protocol: 'SPDY/3.1+portforward.k8s.io' },
];
const GO_AWAYS = [0, 1];

/** A code that may be in a close frame: one of the server's own, or the client's, which is answered. @see RFC 6455, 7.4 */
function isCloseCode(code: number): boolean {
  const isDefined = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  return isDefined || (code >= 3000 && code < 5000);
}

/** Sends lines to an echo for as long as it is told to, and checks what comes back. */
class GoodClient {
  readonly #send: (text: string) => void;
  readonly #received: () => string;
  sent = '';

  constructor(send: (text: string) => void, received: () => string) {
    this.#send = send;
    this.#received = received;
  }

  async turn(): Promise<void> {
    const line = `line ${this.sent.length}\n`;
    this.sent += line;
    this.#send(line);
    await eventually(() => this.#received() === this.sent);
  }

  static async overSpdy(href: string): Promise<GoodClient> {
    const client = await SpdyClient.open(new URL(href), 'v4.channel.k8s.io');
    const [, stdin, stdout] = ['error', 'stdin', 'stdout', 'stderr'].map((streamtype) => client.stream({ streamtype }));
    return new GoodClient(
      (text) => client.send(stdin!, Buffer.from(text)),
      () => client.received(stdout!).toString(),
    );
  }

  static async overWebSocket(href: string): Promise<GoodClient> {
    const socket = new WebSocket(href.replace('http:', 'ws:'), ['v5.channel.k8s.io']);
    let received = '';
    socket.on('message', (message: Buffer) => (received += message[0] === 1 ? message.toString('latin1', 1) : ''));
    await once(socket, 'open');
    return new GoodClient(
      (text) => socket.send(Buffer.from(`\0${text}`)),
      () => received,
    );
  }
}

describe(`StreamingServer, seed ${SEED}`, () => {
  const random = seeded(SEED);
  let server: StreamingServer;
  let sent = 0;
  const goodbyes = { goAway: new Set<number>(), closeCode: new Set<number>() };

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server.close());

  async function oneClient(): Promise<void> {
    const way = WAYS[random(WAYS.length)]!;
    const client = await RawClient.open(server.issue(way.request), way.transport, way.protocol);
    const frames = framesOf(way, random);
    for (let batches = 1 + random(MAX_BATCHES); batches > 0 && !client.socket.readableEnded; batches -= 1) {
      const batch = Array.from({ length: 1 + random(MAX_BATCH) }, () => frames.next());
      sent += batch.length;
      const isTaken = client.socket.write(Buffer.concat(batch));
      if (!isTaken && !(await drained(client))) break;
      if (random(4) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (random(2) === 0) {
      client.socket.end();
      await Promise.race([client.ended, sleep(PATIENCE_MS)]);
    }
    client.socket.destroy();
    if (client.goAway !== undefined) goodbyes.goAway.add(client.goAway);
    if (way.transport === 'websocket' && client.closeCode !== undefined) goodbyes.closeCode.add(client.closeCode);
  }

  it(
    `goes on serving others during ${FRAMES} random frames, and holds nothing in the end`,
    async () => {
      const good = [await GoodClient.overSpdy(server.issue(EXEC)), await GoodClient.overWebSocket(server.issue(EXEC))];
      const work = async () => {
        while (sent < FRAMES) await oneClient();
      };
      let isOver = false;
      const watch = async () => {
        while (!isOver) {
          await Promise.all(good.map((client) => client.turn()));
          await sleep(20);
        }
      };
      await Promise.all([Promise.all(Array.from({ length: AT_ONCE }, work)).finally(() => (isOver = true)), watch()]);

      for (const client of good) expect(client.sent.length).toBeGreaterThan(FRAMES / 50_000);
      // A client that vanished where nothing is read is missed by the second probe, after some seconds.
      for (let tries = 0; tries < 200 && server.clients > good.length; tries += 1) await sleep(100);
      expect(server.clients).toBe(good.length);
      expect([...goodbyes.goAway].filter((status) => !GO_AWAYS.includes(status))).toEqual([]);
      expect([...goodbyes.closeCode].filter((code) => !isCloseCode(code))).toEqual([]);
      expect(goodbyes.goAway.has(1) && goodbyes.closeCode.has(1002)).toBe(true);
    },
    15 * 60_000,
  );
});

function framesOf({ transport }: Way, random: Random): { next(): Buffer } {
  if (transport === 'spdy') return new SpdyFrames(random);
  return new WebSocketFrames(random, transport === 'tunnel' ? new SpdyFrames(random) : undefined);
}

/** False when the server takes nothing: a client that lets nothing out is not read. */
async function drained({ socket, ended }: RawClient): Promise<boolean> {
  const over = new AbortController();
  const drain = once(socket, 'drain', { signal: over.signal }).catch(() => undefined);
  await Promise.race([drain, ended, sleep(PATIENCE_MS)]);
  over.abort();
  return !socket.writableNeedDrain;
}

// One bad frame on a connection: it ends with the error of its own protocol, and the next client is served.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FRAME, controlFrame } from '../../src/streaming/spdy/frame.ts';
import type { StreamingServer } from '../../src/streaming/server.ts';
import { SpdyFrames, webSocketFrame } from './frames.ts';
import { RawClient, type Transport } from './raw-client.ts';
import { EXEC, FORWARD, startServer } from './server.ts';

const GO_AWAY_PROTOCOL_ERROR = 1;
const [CONTINUATION, TEXT, BINARY, PING] = [0, 1, 2, 9];
const V5 = 'v5.channel.k8s.io';
const syn = (streamId: number) => controlFrame(FRAME.SYN_STREAM, [streamId, 0], Buffer.from('not a header block'));
/** Opens stream 1. */
const opened = () => new SpdyFrames((limit) => (limit === 20 ? 5 : limit - 1)).next();

let server: StreamingServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

async function serves(): Promise<boolean> {
  const client = await RawClient.open(server.issue(EXEC), 'websocket', V5);
  client.socket.write(webSocketFrame(BINARY, Buffer.from([255, 0])));
  await client.ended;
  client.socket.destroy();
  return client.closeCode === 1000;
}

describe.each([
  { transport: 'spdy' as Transport, request: EXEC, protocol: 'v4.channel.k8s.io' },
  { transport: 'spdy' as Transport, request: FORWARD, protocol: 'portforward.k8s.io' },
  { transport: 'tunnel' as Transport, request: FORWARD, protocol: 'SPDY/3.1+portforward.k8s.io' },
])('$transport, $request.kind', ({ transport, request, protocol }) => {
  it.each([
    { name: 'garbage', bytes: Buffer.alloc(64, 0xff) },
    { name: 'a frame of another version', bytes: Buffer.from([0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]) },
    { name: 'a control frame that is too long', bytes: Buffer.from([0x80, 3, 0, 8, 0, 0xff, 0xff, 0xff]) },
    { name: 'a reset without a number', bytes: controlFrame(FRAME.RST_STREAM, [], Buffer.alloc(2)) },
    { name: 'a window update without bytes', bytes: controlFrame(FRAME.WINDOW_UPDATE, [1]) },
    { name: 'settings that are fewer than they say', bytes: controlFrame(FRAME.SETTINGS, [3, 7, 1]) },
    { name: 'headers that are not compressed', bytes: syn(1) },
    { name: 'a stream without a priority', bytes: controlFrame(FRAME.SYN_STREAM, [1]) },
    { name: 'the number of a stream twice', bytes: Buffer.concat([opened(), opened()]) },
  ])('says good-bye with PROTOCOL_ERROR after $name', async ({ bytes }) => {
    const client = await RawClient.open(server.issue(request), transport, protocol);
    client.socket.write(transport === 'tunnel' ? webSocketFrame(BINARY, bytes) : bytes);
    await client.ended;
    client.socket.destroy();
    expect(client.goAway).toBe(GO_AWAY_PROTOCOL_ERROR);
    expect(await serves()).toBe(true);
  });

  it('says good-bye with PROTOCOL_ERROR when the client ends within a frame', async () => {
    const client = await RawClient.open(server.issue(request), transport, protocol);
    const half = controlFrame(FRAME.PING, [1]).subarray(0, 9);
    const close = webSocketFrame(8, Buffer.from([3, 0xe8]));
    if (transport === 'tunnel') client.socket.write(Buffer.concat([webSocketFrame(BINARY, half), close]));
    else client.socket.end(half);
    await client.ended;
    client.socket.destroy();
    // A WebSocket that is closing takes no message any more.
    expect(client.goAway).toBe(transport === 'tunnel' ? undefined : GO_AWAY_PROTOCOL_ERROR);
    expect(await serves()).toBe(true);
  });
});

describe('WebSocket', () => {
  it.each([
    { name: 'a frame without a mask', bytes: webSocketFrame(BINARY, Buffer.of(0), { mask: 0 }), code: 1002 },
    { name: 'a reserved bit', bytes: webSocketFrame(BINARY, Buffer.of(0), { first: 0xa0 }), code: 1002 },
    { name: 'an unknown opcode', bytes: webSocketFrame(5, Buffer.of(0)), code: 1002 },
    { name: 'a continuation of nothing', bytes: webSocketFrame(CONTINUATION, Buffer.of(0)), code: 1002 },
    { name: 'a ping in parts', bytes: webSocketFrame(PING, Buffer.of(0), { first: 0 }), code: 1002 },
    { name: 'a ping that is too long', bytes: webSocketFrame(PING, Buffer.alloc(126)), code: 1002 },
    { name: 'a message that is too long', bytes: Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0]), code: 1009 },
    { name: 'text that is not UTF-8', bytes: webSocketFrame(TEXT, Buffer.of(0xff, 0xfe)), code: 1007 },
    { name: 'a channel that does not exist', bytes: webSocketFrame(BINARY, Buffer.of(9, 1)), code: 1002 },
    { name: 'a message without a channel', bytes: webSocketFrame(BINARY, Buffer.alloc(0)), code: 1002 },
    {
      name: 'what is not base64',
      protocol: 'v4.base64.channel.k8s.io',
      bytes: webSocketFrame(TEXT, Buffer.from('0*')),
      code: 1002,
    },
  ])('closes with $code after $name', async ({ bytes, code, protocol = V5 }) => {
    const client = await RawClient.open(server.issue(EXEC), 'websocket', protocol);
    client.socket.write(bytes);
    // The answer to the server's close, without which it would wait.
    client.socket.end(webSocketFrame(8, Buffer.from([3, 0xe8])));
    await client.ended;
    client.socket.destroy();
    expect(client.closeCode).toBe(code);
    expect(await serves()).toBe(true);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpdyConnection } from '../../../../src/streaming/spdy/connection.ts';
import { FRAME, FrameParser, controlFrame, dataHead } from '../../../../src/streaming/spdy/frame.ts';
import { formatHeaderBlock } from '../../../../src/streaming/spdy/header-block.ts';
import { HeaderDeflater } from '../../../../src/streaming/spdy/header-codec.ts';
import type { SpdyStream } from '../../../../src/streaming/spdy/stream.ts';

/** Opens stream `id`; a SYN_STREAM has two bytes of priority and slot before its headers. */
function synStream(deflater: HeaderDeflater, id: number): Buffer {
  const block = deflater.deflate(formatHeaderBlock(new Map([['streamtype', 'data']])));
  return controlFrame(FRAME.SYN_STREAM, [id, 0], Buffer.concat([Buffer.alloc(2), block]));
}

/** Waits until something is so, at most two seconds. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !isSo(); tries += 1) await sleep(5);
}

describe('SpdyConnection', () => {
  let client: Duplex;
  let running: Promise<void>;
  let connection: SpdyConnection;
  const streams: SpdyStream[] = [];
  const received: { type: number; numbers: number[] }[] = [];
  let data = Buffer.alloc(0);

  beforeEach(() => {
    streams.length = 0;
    received.length = 0;
    data = Buffer.alloc(0);
    const [near, far] = duplexPair();
    client = far;
    const parser = new FrameParser();
    far.on('error', () => undefined);
    far.on('data', (chunk: Buffer) => {
      parser.push(chunk);
      for (let frame; (frame = parser.next()) !== undefined;) {
        if (frame.kind === 'data') data = Buffer.concat([data, frame.bytes]);
        else
          received.push({
            type: frame.type,
            numbers: [...new Uint32Array(frame.payload.length >> 2)].map((_, index) =>
              frame.payload.readUInt32BE(4 * index),
            ),
          });
      }
    });
    connection = new SpdyConnection({ transport: near, onStream: (stream) => streams.push(stream) });
    running = connection.run();
    running.catch(() => undefined);
  });

  afterEach(async () => {
    client.end();
    await running.catch(() => undefined);
  });

  async function open(): Promise<SpdyStream> {
    client.write(synStream(new HeaderDeflater(), 1));
    await until(() => streams.length > 0);
    const [stream] = streams;
    if (stream === undefined) throw new ReferenceError('no stream was opened');
    return stream;
  }

  it('carries data both ways, and both ends of a stream', async () => {
    const stream = await open();
    stream.accept();
    client.write(Buffer.concat([dataHead(1, 5, true), Buffer.from('hello')]));
    stream.end('world');
    const input: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => input.push(chunk));
    await once(stream, 'close');
    expect(Buffer.concat(input).toString()).toBe('hello');
    expect(data.toString()).toBe('world');
    expect(received.map(({ type }) => type)).toEqual([FRAME.SYN_REPLY]);
  });

  it('answers pings of the client', async () => {
    client.write(controlFrame(FRAME.PING, [5]));
    await until(() => received.length > 0);
    expect(received).toEqual([{ type: FRAME.PING, numbers: [5] }]);
  });

  it('stops reading while a stream is not read, and updates its window when it is', async () => {
    const stream = await open();
    const block = Buffer.concat([dataHead(1, 65_536, false), Buffer.alloc(65_536)]);
    for (let count = 0; count < 20; count += 1) client.write(block);
    await sleep(50);
    expect(stream.readableLength).toBeLessThan(4 * 65_536);
    stream.resume();
    const granted = () =>
      received
        .filter(({ type, numbers }) => type === FRAME.WINDOW_UPDATE && numbers[0] === 1)
        .reduce((sum, { numbers }) => sum + (numbers[1] ?? 0), 0);
    await until(() => granted() === 20 * 65_536);
    expect(granted()).toBe(20 * 65_536);
  });

  it('sends no more than the window of a client that counts', async () => {
    const stream = await open();
    client.write(Buffer.concat([controlFrame(FRAME.WINDOW_UPDATE, [0, 1_000_000]), controlFrame(FRAME.PING, [1])]));
    await until(() => received.some(({ type }) => type === FRAME.PING));
    stream.end(Buffer.alloc(100_000));
    await until(() => data.length >= 65_536);
    await sleep(20);
    expect(data).toHaveLength(65_536);
    client.write(controlFrame(FRAME.WINDOW_UPDATE, [1, 50_000]));
    await until(() => data.length === 100_000);
    expect(data).toHaveLength(100_000);
  });

  it('resets data on streams that never were, and destroys those the client resets', async () => {
    const stream = await open();
    client.write(Buffer.concat([dataHead(9, 1, false), Buffer.from('x')]));
    client.write(controlFrame(FRAME.RST_STREAM, [1, 5]));
    await once(stream, 'close');
    await until(() => received.length > 0);
    expect(received).toContainEqual({ type: FRAME.RST_STREAM, numbers: [9, 2] });
  });

  it.each([
    { name: 'garbage', bytes: () => Buffer.from('\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1') },
    { name: 'an even stream number', bytes: () => synStream(new HeaderDeflater(), 2) },
    { name: 'headers that are no zlib', bytes: () => controlFrame(FRAME.SYN_STREAM, [1, 0], Buffer.alloc(40, 7)) },
    { name: 'settings that are cut off', bytes: () => controlFrame(FRAME.SETTINGS, [9]) },
  ])('says goodbye with PROTOCOL_ERROR after $name', async ({ bytes }) => {
    client.write(bytes());
    await expect(running).rejects.toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    await until(() => received.length > 0);
    expect(received.at(-1)).toEqual({ type: FRAME.GOAWAY, numbers: [0, 1] });
  });

  it('refuses a stream number that was used before', async () => {
    const deflater = new HeaderDeflater();
    client.write(Buffer.concat([synStream(deflater, 3), synStream(deflater, 3)]));
    await expect(running).rejects.toThrow('stream 3 out of order');
  });

  it('reports a connection that ends within a frame', async () => {
    client.end(dataHead(1, 10, false));
    await expect(running).rejects.toThrow('ended within a frame');
  });

  it('close: says goodbye after what was written', async () => {
    const stream = await open();
    stream.end('last words');
    connection.close();
    client.end();
    await running;
    expect(data.toString()).toBe('last words');
    expect(received.at(-1)).toEqual({ type: FRAME.GOAWAY, numbers: [1, 0] });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { invalidArgument } from '../../../src/errors.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { bindSocket, createServer } from '../../../src/rpc/grpc-server.ts';
import { serverStream, type StreamFunction, type StreamOptions } from '../../../src/rpc/server-stream.ts';
import { eventually } from '../../support/eventually.ts';

const asIs = (bytes: Buffer) => bytes;
const shape = {
  path: '/test.Test/Stream',
  requestStream: false,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

let directory = '';
let server: grpc.Server;
let client: grpc.Client | undefined;
let inFlight = 0;

interface Setup extends Partial<StreamOptions> {
  readonly ready?: boolean;
}

async function call(
  run: StreamFunction<Buffer, Buffer>,
  { ready = true, endless = false }: Setup = {},
): Promise<grpc.ClientReadableStream<Buffer>> {
  const deps = { log: createLogger('fatal'), ready: () => ready, inFlight: (by: number) => void (inFlight += by) };
  const socket = join(directory, 's');
  server.addService({ Stream: shape }, { Stream: serverStream('Stream', run, deps, { endless }) });
  await bindSocket(server, socket, undefined);
  client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure());
  const stream = client.makeServerStreamRequest(shape.path, asIs, asIs, Buffer.alloc(0));
  // Some tests end while their stream is open; its end is then nobody's error.
  stream.on('error', () => undefined);
  return stream;
}

async function collect(stream: grpc.ClientReadableStream<Buffer>): Promise<{ texts: string[]; error: unknown }> {
  const texts: string[] = [];
  try {
    for await (const bytes of stream) texts.push(String(bytes));
    return { texts, error: undefined };
  } catch (error) {
    return { texts, error };
  }
}

describe('serverStream()', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'crisol-stream-'));
    server = createServer();
    inFlight = 0;
  });

  afterEach(() => {
    client?.close();
    server.forceShutdown();
    rmSync(directory, { recursive: true, force: true });
  });

  it('sends what is yielded, in order, and ends', async () => {
    const stream = await call(async function* () {
      for (const text of ['a', 'b', 'c']) yield await Promise.resolve(Buffer.from(text));
    });
    expect(await collect(stream)).toEqual({ texts: ['a', 'b', 'c'], error: undefined });
    expect(inFlight).toBe(0);
  });

  it('sends nothing but the end for an empty result', async () => {
    const stream = await call(async function* () {
      yield* [];
    });
    expect(await collect(stream)).toEqual({ texts: [], error: undefined });
  });

  it('answers with the status of what is thrown, after what was yielded', async () => {
    const stream = await call(async function* () {
      yield await Promise.resolve(Buffer.from('a'));
      throw invalidArgument('no such filter');
    });
    const { texts, error } = await collect(stream);
    expect(texts).toEqual(['a']);
    expect(error).toMatchObject({ code: grpc.status.INVALID_ARGUMENT, details: 'no such filter' });
    expect(inFlight).toBe(0);
  });

  it('refuses until the daemon is ready', async () => {
    let ran = false;
    const stream = await call(
      async function* () {
        ran = true;
        yield await Promise.resolve(Buffer.from('a'));
      },
      { ready: false },
    );
    const { error } = await collect(stream);
    expect(error).toMatchObject({ code: grpc.status.UNAVAILABLE });
    expect(ran).toBe(false);
  });

  it('ends the generator when the caller goes', async () => {
    let ended = false;
    const stream = await call(async function* (_, { signal }) {
      try {
        yield Buffer.from('a');
        await once(signal, 'abort');
      } finally {
        ended = true;
      }
    });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    expect(inFlight).toBe(1);
    stream.cancel();
    await eventually(() => ended && inFlight === 0);
  });

  it('does not hold up a stop when it is endless', async () => {
    const stream = await call(
      async function* (_, { signal }) {
        yield Buffer.from('a');
        await once(signal, 'abort');
      },
      { endless: true },
    );
    stream.on('error', () => undefined);
    await once(stream, 'data');
    expect(inFlight).toBe(0);
    stream.cancel();
  });

  it('makes messages only as the connection takes them', async () => {
    const size = 1024 * 1024;
    let made = 0;
    const stream = await call(async function* () {
      for (; made < 200; made += 1) yield Buffer.alloc(size);
    });
    // A generator that nobody holds back makes all of them in one go.
    while (made === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(made).toBeLessThan(100);
    let read = 0;
    for await (const bytes of stream) read += (bytes as Buffer).length;
    expect(read).toBe(200 * size);
  }, 30_000);
});

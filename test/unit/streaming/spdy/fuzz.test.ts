// Random frames against a connection: it may end at any time, but only with the error of its protocol.
import { describe, expect, it } from '@jest/globals';
import { duplexPair, type Duplex } from 'node:stream';
import { errorCode } from '../../../../src/errors.ts';
import { SpdyConnection } from '../../../../src/streaming/spdy/connection.ts';
import { FRAME, controlFrame, dataHead } from '../../../../src/streaming/spdy/frame.ts';
import { formatHeaderBlock } from '../../../../src/streaming/spdy/header-block.ts';
import { HeaderDeflater } from '../../../../src/streaming/spdy/header-codec.ts';

const FRAMES = Number(process.env['SPDY_FUZZ_FRAMES'] ?? 100_000);

/** The same numbers on every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Frames that are right more often than not, or a connection would never get far. */
class FrameSource {
  readonly #random: (below: number) => number;
  readonly #deflater = new HeaderDeflater();
  #streamId = -1;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  next(): Buffer {
    const id = this.#random(2 + Math.max(0, this.#streamId) * 1.1);
    const bytes = Buffer.alloc(this.#random(300), this.#random(256));
    switch (this.#random(40)) {
      case 0:
        return bytes;
      case 1:
        return controlFrame(this.#random(12), [id], bytes);
      case 2:
        return controlFrame(FRAME.SETTINGS, [1, 7, this.#random(2 ** 31)]);
      case 3:
      case 4:
      case 5:
      case 6:
        return controlFrame(FRAME.RST_STREAM, [id, 5]);
      case 7:
        return controlFrame(FRAME.WINDOW_UPDATE, [id, this.#random(2 ** 31)]);
      case 8:
        return controlFrame(FRAME.PING, [this.#random(2 ** 32)]);
      case 9:
      case 10:
      case 11:
      case 12:
        return this.#open();
      default:
        return Buffer.concat([dataHead(id, bytes.length, this.#random(20) === 0), bytes]);
    }
  }

  #open(): Buffer {
    this.#streamId += 2;
    const block = this.#deflater.deflate(formatHeaderBlock(new Map([['streamtype', 'data']])));
    return controlFrame(FRAME.SYN_STREAM, [this.#streamId, 0], Buffer.concat([Buffer.alloc(2), block]));
  }
}

function start(): { client: Duplex; ended: Promise<unknown> } {
  const [near, client] = duplexPair();
  client.on('error', () => undefined).resume();
  const connection = new SpdyConnection({
    transport: near,
    onStream: (stream) => {
      stream.accept();
      stream.pipe(stream);
    },
  });
  const ended = connection.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  return { client, ended };
}

describe('SpdyConnection', () => {
  it(`survives ${FRAMES} random frames`, async () => {
    const random = randomNumbers(1);
    const endings = new Set<string>();
    for (let sent = 0; sent < FRAMES;) {
      const { client, ended } = start();
      const source = new FrameSource(random);
      for (let count = 0; count < 50 && !client.destroyed && !client.writableEnded; count += 1) {
        const batch = Array.from({ length: 1 + random(10) }, () => source.next());
        sent += batch.length;
        if (!client.writable) break;
        client.write(Buffer.concat(batch));
        if (count % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      client.end();
      const error = await ended;
      endings.add(error === undefined ? 'fine' : errorCode(error));
    }
    expect([...endings].filter((ending) => ending !== 'fine' && ending !== 'invalid-argument')).toEqual([]);
  }, 110_000);
});

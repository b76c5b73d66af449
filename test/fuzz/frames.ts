// Random SPDY and WebSocket bytes: right more often than not, or a connection would never get far.
import { randomFillSync } from 'node:crypto';
import { FRAME, controlFrame, dataHead } from '../../src/streaming/spdy/frame.ts';
import { formatHeaderBlock } from '../../src/streaming/spdy/header-block.ts';
import { HeaderDeflater } from '../../src/streaming/spdy/header-codec.ts';
import type { Random } from '../soak/random.ts';

const NOISE = randomFillSync(Buffer.alloc(64 * 1024));
/** Each kind of bad frame is one of this many: a connection that dies at once shows little. */
const BAD_ONE_IN = 1000;
const STREAM_TYPES = ['data', 'error', 'stdin', 'stdout', 'stderr', 'resize', '', 'nonsense'];

function noise(random: Random, below: number): Buffer {
  const from = random(NOISE.length - below);
  return NOISE.subarray(from, from + random(below));
}

/** The frames of one client of a SPDY connection. */
export class SpdyFrames {
  readonly #random: Random;
  readonly #deflater = new HeaderDeflater();
  #streamId = -1;
  #opened = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Buffer {
    const random = this.#random;
    const id = random(2 + Math.max(0, this.#streamId) * 1.1);
    switch (random(BAD_ONE_IN)) {
      case 0:
        return noise(random, 300);
      case 1:
        return controlFrame(random(12), [id], noise(random, 300));
      case 2:
        return truncated(controlFrame(FRAME.WINDOW_UPDATE, [id, 5]), random);
      case 3:
        // Says that it is longer than any control frame may be.
        return Buffer.from([0x80, 3, 0, random(10), 0, 0xff, 0xff, random(256)]);
      case 4:
        return controlFrame(FRAME.SYN_STREAM, [2 * random(50), 0], noise(random, 60));
      case 5:
        return controlFrame(FRAME.SYN_STREAM, [Math.max(1, this.#streamId - 2 * random(3)), 0], noise(random, 60));
      case 6:
        return controlFrame(FRAME.HEADERS, [id], noise(random, 60));
      case 7:
        return controlFrame(FRAME.SETTINGS, [random(4), 7, random(2 ** 31)]);
      case 8:
        return Buffer.from([0x80, random(256), 0, 1, 0, 0, 0, 0]);
      case 9:
        return controlFrame(FRAME.GOAWAY, [id, random(4)]);
      default:
        return this.#sound(id);
    }
  }

  #sound(id: number): Buffer {
    const random = this.#random;
    switch (random(20)) {
      case 0:
        return controlFrame(FRAME.SETTINGS, [1, 7, random(2 ** 31)]);
      case 1:
      case 2:
        return controlFrame(FRAME.RST_STREAM, [id, 5]);
      case 3:
        return controlFrame(FRAME.WINDOW_UPDATE, [id, random(2 ** 31)]);
      case 4:
        return controlFrame(FRAME.PING, [random(2 ** 32)]);
      case 5:
      case 6:
      case 7:
      case 8:
        return this.#open();
      default: {
        const bytes = noise(random, 300);
        return Buffer.concat([dataHead(id, bytes.length, random(20) === 0), bytes]);
      }
    }
  }

  #open(): Buffer {
    this.#streamId += 2;
    this.#opened += 1;
    const streamtype = STREAM_TYPES[this.#random(STREAM_TYPES.length)]!;
    const headers = { streamtype, port: String(this.#random(70_000)), requestid: String(this.#opened >> 1) };
    const block = this.#deflater.deflate(formatHeaderBlock(new Map(Object.entries(headers))));
    return controlFrame(FRAME.SYN_STREAM, [this.#streamId, 0], Buffer.concat([Buffer.alloc(2), block]));
  }
}

function truncated(frame: Buffer, random: Random): Buffer {
  return frame.subarray(0, random(frame.length));
}

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const FIN = 0x80;

/** A frame as RFC 6455 has it, of a client; masked with zeros. */
export function webSocketFrame(opcode: number, payload: Buffer, { first = FIN, mask = 0x80 } = {}): Buffer {
  const long = payload.length > 125;
  const head = Buffer.alloc((long ? 4 : 2) + (mask === 0 ? 0 : 4));
  head[0] = first | opcode;
  head[1] = mask | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** The frames of one client of a WebSocket, with channel messages or with `inner` in them. */
export class WebSocketFrames {
  readonly #random: Random;
  readonly #inner: { next(): Buffer } | undefined;

  constructor(random: Random, inner?: { next(): Buffer }) {
    this.#random = random;
    this.#inner = inner;
  }

  next(): Buffer {
    const random = this.#random;
    switch (random(BAD_ONE_IN)) {
      case 0:
        return noise(random, 300);
      case 1:
        return webSocketFrame(random(16), noise(random, 60));
      case 2:
        return webSocketFrame(OPCODE.binary, noise(random, 60), { mask: 0 });
      case 3:
        return webSocketFrame(OPCODE.binary, noise(random, 60), { first: 0x80 | (0x10 << random(3)) });
      case 4:
        return webSocketFrame(OPCODE.continuation, noise(random, 60));
      case 5:
        return truncated(webSocketFrame(OPCODE.binary, noise(random, 300)), random);
      case 6:
        // Says that it is longer than any message may be.
        return Buffer.from([FIN | OPCODE.binary, 0xff, 0, 0, 0, random(256), 0xff, 0, 0, 0, 0, 0, 0, 0]);
      case 7:
        return webSocketFrame(OPCODE.ping, noise(random, 300));
      case 8:
        return webSocketFrame(OPCODE.close, noise(random, 4));
      case 9:
        return webSocketFrame(OPCODE.text, noise(random, 60));
      default:
        return this.#sound();
    }
  }

  #sound(): Buffer {
    const random = this.#random;
    if (random(20) === 0) return webSocketFrame(random(2) === 0 ? OPCODE.ping : OPCODE.pong, noise(random, 60));
    if (this.#inner !== undefined) return webSocketFrame(OPCODE.binary, this.#inner.next());
    const channel = random(50) === 0 ? random(256) : random(5);
    return webSocketFrame(OPCODE.binary, Buffer.concat([Buffer.of(channel), noise(random, 300)]));
  }
}

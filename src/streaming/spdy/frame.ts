// The frames of SPDY/3.1 as bytes: a parser that keeps at most one control frame, and the encoders.
import { invalidArgument } from '../../errors.ts';

const VERSION = 3;
const HEAD_BYTES = 8;
/** A control frame carries headers at most. */
export const MAX_CONTROL_BYTES = 64 * 1024;
export const FLAG_FIN = 1;
export const MAX_STREAM_ID = 0x7fffffff;

export const FRAME = {
  SYN_STREAM: 1,
  SYN_REPLY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  HEADERS: 8,
  WINDOW_UPDATE: 9,
} as const;

export interface DataPiece {
  readonly kind: 'data';
  readonly streamId: number;
  /** A part of the frame's payload, in order. */
  readonly bytes: Buffer;
  /** The last piece of a frame that ends the stream. */
  readonly fin: boolean;
}

export interface ControlFrame {
  readonly kind: 'control';
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

/** Cuts a byte stream into frames. Payloads of data frames are handed on as they come, never collected. */
export class FrameParser {
  #chunk: Buffer = Buffer.alloc(0);
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headFill = 0;
  #payload: Buffer | undefined;
  #payloadFill = 0;
  /** Of the data frame that is being read. */
  #dataLeft = 0;

  /** Gives more bytes, once `next` has returned undefined. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
  }

  /** Whether the bytes so far end between two frames. */
  get idle(): boolean {
    return this.#chunk.length === 0 && this.#headFill === 0;
  }

  /** The next piece, or undefined when more bytes are needed. @throws invalid-argument for what is no SPDY/3.1 */
  next(): DataPiece | ControlFrame | undefined {
    if (this.#headFill < HEAD_BYTES) {
      this.#headFill += this.#fill(this.#head, this.#headFill);
      if (this.#headFill < HEAD_BYTES) return undefined;
      this.#begin();
    }
    return this.#payload === undefined ? this.#nextData() : this.#nextControl(this.#payload);
  }

  #begin(): void {
    const length = this.#head.readUIntBE(5, 3);
    if ((this.#head.readUInt8(0) & 0x80) === 0) {
      this.#dataLeft = length;
      return;
    }
    const version = this.#head.readUInt16BE(0) & 0x7fff;
    if (version !== VERSION) throw invalidArgument(`control frame of SPDY version ${version}`);
    if (length > MAX_CONTROL_BYTES) throw invalidArgument(`control frame of ${length} bytes`);
    this.#payload = Buffer.alloc(length);
    this.#payloadFill = 0;
  }

  #nextData(): DataPiece | undefined {
    const bytes = this.#chunk.subarray(0, this.#dataLeft);
    if (bytes.length === 0 && this.#dataLeft > 0) return undefined;
    this.#chunk = this.#chunk.subarray(bytes.length);
    this.#dataLeft -= bytes.length;
    const isLast = this.#dataLeft === 0;
    if (isLast) this.#headFill = 0;
    const fin = isLast && (this.#head.readUInt8(4) & FLAG_FIN) !== 0;
    return { kind: 'data', streamId: this.#head.readUInt32BE(0), bytes, fin };
  }

  #nextControl(payload: Buffer): ControlFrame | undefined {
    this.#payloadFill += this.#fill(payload, this.#payloadFill);
    if (this.#payloadFill < payload.length) return undefined;
    this.#payload = undefined;
    this.#headFill = 0;
    return { kind: 'control', type: this.#head.readUInt16BE(2), flags: this.#head.readUInt8(4), payload };
  }

  #fill(target: Buffer, from: number): number {
    const count = this.#chunk.copy(target, from);
    this.#chunk = this.#chunk.subarray(count);
    return count;
  }
}

/** The head of a data frame; `length` bytes, less than 16 MiB, follow. */
export function dataHead(streamId: number, length: number, fin: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt8(fin ? FLAG_FIN : 0, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}

/** A whole control frame. Its payload begins with `numbers`, four bytes each. */
export function controlFrame(type: number, numbers: readonly number[], rest: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + 4 * numbers.length);
  frame.writeUInt16BE(0x8000 | VERSION, 0);
  frame.writeUInt16BE(type, 2);
  frame.writeUIntBE(4 * numbers.length + rest.length, 5, 3);
  numbers.forEach((number, index) => frame.writeUInt32BE(number, HEAD_BYTES + 4 * index));
  return Buffer.concat([frame, rest]);
}

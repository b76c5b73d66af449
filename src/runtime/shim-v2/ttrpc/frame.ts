// The frames of ttrpc: ten bytes of header, then a message.
import { internal } from '../../../errors.ts';

const HEADER_BYTES = 10;
/** The protocol's own limit. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export const FRAME = { REQUEST: 1, RESPONSE: 2 } as const;

export interface Frame {
  /** Odd numbers for calls of the client; the answer has its call's. */
  readonly stream: number;
  readonly type: number;
  readonly message: Buffer;
}

export function encodeFrame(stream: number, type: number, message: Uint8Array): Buffer {
  if (message.length > MAX_MESSAGE_BYTES)
    throw internal(`a ttrpc message of ${message.length} bytes is larger than the ${MAX_MESSAGE_BYTES} allowed`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(message.length, 0);
  header.writeUInt32BE(stream, 4);
  header.writeUInt8(type, 8);
  return Buffer.concat([header, message]);
}

/** Cuts a byte stream into frames, however the bytes arrive. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are complete with this chunk. @throws internal when the peer does not speak ttrpc */
  push(chunk: Uint8Array): Frame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEADER_BYTES) {
      const length = this.#rest.readUInt32BE(0);
      if (length > MAX_MESSAGE_BYTES) throw internal(`the peer announced a ttrpc message of ${length} bytes`);
      const end = HEADER_BYTES + length;
      if (this.#rest.length < end) break;
      const message = this.#rest.subarray(HEADER_BYTES, end);
      frames.push({ stream: this.#rest.readUInt32BE(4), type: this.#rest.readUInt8(8), message });
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

import { describe, expect, it } from '@jest/globals';
import { encodeFrame, FRAME, FrameReader } from '../../../../../src/runtime/shim-v2/ttrpc/frame.ts';

describe('FrameReader', () => {
  it('push() gives the same frames however the bytes are cut', () => {
    const bytes = Buffer.concat([
      encodeFrame(1, FRAME.REQUEST, Buffer.from('one')),
      encodeFrame(3, FRAME.RESPONSE, Buffer.alloc(0)),
      encodeFrame(5, FRAME.RESPONSE, Buffer.alloc(70_000, 7)),
    ]);
    for (const size of [1, 7, 4096, bytes.length]) {
      const reader = new FrameReader();
      const frames = [];
      for (let start = 0; start < bytes.length; start += size)
        frames.push(...reader.push(bytes.subarray(start, start + size)));

      expect(frames.map(({ stream, type, message }) => [stream, type, message.length])).toEqual([
        [1, FRAME.REQUEST, 3],
        [3, FRAME.RESPONSE, 0],
        [5, FRAME.RESPONSE, 70_000],
      ]);
    }
  });

  it('push() refuses a message longer than the protocol allows', () => {
    const header = Buffer.alloc(10);
    header.writeUInt32BE(0x7fffffff, 0);

    expect(() => new FrameReader().push(header)).toThrow('announced a ttrpc message of 2147483647 bytes');
  });
});

describe('encodeFrame()', () => {
  it('refuses a message longer than the protocol allows', () => {
    expect(() => encodeFrame(1, FRAME.REQUEST, Buffer.alloc(5 * 1024 * 1024))).toThrow('larger than the 4194304');
  });
});

import { describe, expect, it } from '@jest/globals';
import { readControl } from '../../../../src/streaming/spdy/control.ts';
import {
  FRAME,
  FrameParser,
  MAX_CONTROL_BYTES,
  controlFrame,
  dataHead,
  type ControlFrame,
  type DataPiece,
} from '../../../../src/streaming/spdy/frame.ts';

function parse(...chunks: readonly Buffer[]): (ControlFrame | DataPiece)[] {
  const parser = new FrameParser();
  const frames: (ControlFrame | DataPiece)[] = [];
  for (const chunk of chunks) {
    parser.push(chunk);
    for (let frame; (frame = parser.next()) !== undefined;) frames.push(frame);
  }
  return frames;
}

const stream = Buffer.concat([
  controlFrame(FRAME.PING, [7]),
  dataHead(1, 5, true),
  Buffer.from('hello'),
  dataHead(3, 0, false),
  controlFrame(FRAME.GOAWAY, [3, 0]),
]);

describe('FrameParser', () => {
  it('next: returns the frames of a stream in order', () => {
    expect(parse(stream)).toEqual([
      { kind: 'control', type: FRAME.PING, flags: 0, payload: Buffer.from([0, 0, 0, 7]) },
      { kind: 'data', streamId: 1, bytes: Buffer.from('hello'), fin: true },
      { kind: 'data', streamId: 3, bytes: Buffer.alloc(0), fin: false },
      { kind: 'control', type: FRAME.GOAWAY, flags: 0, payload: Buffer.from([0, 0, 0, 3, 0, 0, 0, 0]) },
    ]);
  });

  it('next: finds the same frames however the bytes are cut', () => {
    const joined = (frames: readonly (ControlFrame | DataPiece)[]) =>
      frames.map((frame) => (frame.kind === 'data' ? frame.bytes : frame.payload).toString('hex')).join('');
    for (let size = 1; size < stream.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
        stream.subarray(index * size, (index + 1) * size),
      );
      expect(joined(parse(...chunks))).toBe(joined(parse(stream)));
    }
  });

  it('next: hands data on before its frame is complete', () => {
    expect(parse(dataHead(1, 1_000_000, true), Buffer.alloc(10))).toEqual([
      { kind: 'data', streamId: 1, bytes: Buffer.alloc(10), fin: false },
    ]);
  });

  it.each([
    { name: 'a control frame of another version', bytes: Buffer.from([0x80, 2, 0, 6, 0, 0, 0, 4]) },
    { name: 'an oversized control frame', bytes: controlFrame(FRAME.HEADERS, [], Buffer.alloc(MAX_CONTROL_BYTES + 1)) },
    { name: 'HTTP', bytes: Buffer.from('\xffGET / HTTP/1.1\r\n\r\n', 'latin1') },
  ])('next: refuses $name', ({ bytes }) => {
    expect(() => parse(bytes)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('readControl', () => {
  it.each([
    { name: 'SYN_STREAM', type: FRAME.SYN_STREAM, size: 9 },
    { name: 'SYN_REPLY', type: FRAME.SYN_REPLY, size: 3 },
    { name: 'RST_STREAM', type: FRAME.RST_STREAM, size: 0 },
    { name: 'SETTINGS', type: FRAME.SETTINGS, size: 11 },
    { name: 'PING', type: FRAME.PING, size: 3 },
    { name: 'HEADERS', type: FRAME.HEADERS, size: 2 },
    { name: 'WINDOW_UPDATE', type: FRAME.WINDOW_UPDATE, size: 7 },
  ])('refuses a $name that is cut off', ({ type, size }) => {
    const frame: ControlFrame = { kind: 'control', type, flags: 0, payload: Buffer.alloc(size, 1) };
    expect(() => readControl(frame)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('passes over a type that it does not know', () => {
    expect(readControl({ kind: 'control', type: 99, flags: 0, payload: Buffer.alloc(0) })).toEqual({ op: 'nothing' });
  });
});

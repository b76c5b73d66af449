// What control frames say, read from their payloads.
import { invalidArgument } from '../../errors.ts';
import { FLAG_FIN, FRAME, MAX_STREAM_ID, type ControlFrame } from './frame.ts';

export type Control =
  | { readonly op: 'open'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly op: 'headers'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly op: 'reset'; readonly streamId: number }
  | { readonly op: 'initial-window'; readonly bytes: number }
  | { readonly op: 'window'; readonly streamId: number; readonly bytes: number }
  | { readonly op: 'ping'; readonly id: number }
  | { readonly op: 'go-away' }
  | { readonly op: 'nothing' };

const SETTING_INITIAL_WINDOW = 7;

/** @throws invalid-argument when the payload is too short; types that are not known say nothing */
export function readControl(frame: ControlFrame): Control {
  const { payload } = frame;
  const number = (offset: number) => {
    if (payload.length < offset + 4) throw invalidArgument(`control frame of type ${frame.type} is cut off`);
    return payload.readUInt32BE(offset) & MAX_STREAM_ID;
  };
  const fin = (frame.flags & FLAG_FIN) !== 0;
  switch (frame.type) {
    case FRAME.SYN_STREAM:
      number(6);
      return { op: 'open', streamId: number(0), fin, block: payload.subarray(10) };
    case FRAME.SYN_REPLY:
    case FRAME.HEADERS:
      return { op: 'headers', streamId: number(0), fin, block: payload.subarray(4) };
    case FRAME.RST_STREAM:
      return { op: 'reset', streamId: number(0) };
    case FRAME.SETTINGS:
      return readSettings(payload, number(0));
    case FRAME.WINDOW_UPDATE:
      return { op: 'window', streamId: number(0), bytes: number(4) };
    case FRAME.PING:
      number(0);
      return { op: 'ping', id: payload.readUInt32BE(0) };
    case FRAME.GOAWAY:
      return { op: 'go-away' };
    default:
      return { op: 'nothing' };
  }
}

function readSettings(payload: Buffer, count: number): Control {
  if (payload.length !== 4 + 8 * count) throw invalidArgument(`settings frame of ${payload.length} bytes`);
  for (let offset = 4; offset < payload.length; offset += 8) {
    const isWindow = payload.readUIntBE(offset + 1, 3) === SETTING_INITIAL_WINDOW;
    if (isWindow) return { op: 'initial-window', bytes: payload.readUInt32BE(offset + 4) & MAX_STREAM_ID };
  }
  return { op: 'nothing' };
}

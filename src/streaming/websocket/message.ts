// Channel messages as bytes: the channel's number and then the payload, binary or in base64.

/** `base64`: a digit and then base64, in a text message. */
export type Encoding = 'binary' | 'base64';

export interface ChannelMessage {
  readonly channel: number;
  readonly bytes: Buffer;
}

const DIGIT_ZERO = 0x30;
const MAX_DIGIT = 9;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The inverse of `encodeMessage`; undefined for what is no channel message. */
export function decodeMessage(message: Buffer, encoding: Encoding): ChannelMessage | undefined {
  const first = message[0];
  if (first === undefined) return undefined;
  if (encoding === 'binary') return { channel: first, bytes: message.subarray(1) };
  const text = message.toString('latin1', 1);
  const channel = first - DIGIT_ZERO;
  if (channel < 0 || channel > MAX_DIGIT || !BASE64.test(text)) return undefined;
  return { channel, bytes: Buffer.from(text, 'base64') };
}

/** A binary message, or text for base64. */
export function encodeMessage(channel: number, bytes: Buffer, encoding: Encoding): Buffer | string {
  return encoding === 'binary' ? Buffer.concat([Buffer.of(channel), bytes]) : `${channel}${bytes.toString('base64')}`;
}

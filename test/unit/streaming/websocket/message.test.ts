import { describe, expect, it } from '@jest/globals';
import { decodeMessage, encodeMessage } from '../../../../src/streaming/websocket/message.ts';

const bytes = Buffer.from([0, 1, 254, 255]);

describe('decodeMessage', () => {
  it.each(['binary', 'base64'] as const)('%s: is the inverse of encodeMessage', (encoding) => {
    const message = Buffer.from(encodeMessage(3, bytes, encoding));
    expect(decodeMessage(message, encoding)).toEqual({ channel: 3, bytes });
  });

  it.each([
    { name: 'nothing', message: '', encoding: 'binary' as const },
    { name: 'no digit in front', message: 'xAAAA', encoding: 'base64' as const },
    { name: 'no base64', message: '1 not base64', encoding: 'base64' as const },
  ])('refuses $name', ({ message, encoding }) => {
    expect(decodeMessage(Buffer.from(message), encoding)).toBeUndefined();
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { formatHeaderBlock, parseHeaderBlock } from '../../../../src/streaming/spdy/header-block.ts';
import { HeaderDeflater, HeaderInflater } from '../../../../src/streaming/spdy/header-codec.ts';
import { HEADER_DICTIONARY } from '../../../../src/streaming/spdy/header-dictionary.ts';

const headers = new Map([
  ['streamtype', 'stdin'],
  ['port', '8080'],
]);
const options = { dictionary: HEADER_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH };

describe('HEADER_DICTIONARY', () => {
  it('is the one whose checksum every SPDY/3 stream begins with', () => {
    expect(HEADER_DICTIONARY).toHaveLength(1423);
    expect(deflateSync('', { dictionary: HEADER_DICTIONARY }).subarray(2, 6).toString('hex')).toBe('e3c6a7c2');
  });
});

describe('HeaderInflater', () => {
  let inflater: HeaderInflater;
  beforeEach(() => {
    inflater = new HeaderInflater();
  });
  afterEach(() => inflater.close());

  it('inflate: reads compressed blocks, and those of HeaderDeflater one after the other', async () => {
    const compressed = deflateSync(formatHeaderBlock(headers), options);
    expect(parseHeaderBlock(await inflater.inflate(compressed))).toEqual(headers);
    const deflater = new HeaderDeflater();
    const second = new HeaderInflater();
    for (let count = 0; count < 3; count += 1) {
      const block = deflater.deflate(formatHeaderBlock(headers));
      expect(parseHeaderBlock(await second.inflate(block))).toEqual(headers);
    }
    second.close();
  });

  it('inflate: refuses garbage, and every block after it', async () => {
    const refused = expect.objectContaining({ code: 'invalid-argument' });
    await expect(inflater.inflate(Buffer.from('garbage'))).rejects.toThrow(refused);
    await expect(inflater.inflate(Buffer.from('more'))).rejects.toThrow(refused);
  });

  it('inflate: refuses a few bytes that stand for many', async () => {
    const bomb = deflateSync(Buffer.alloc(10_000_000), options);
    await expect(inflater.inflate(bomb)).rejects.toThrow('longer than 65536 bytes');
  });
});

describe('HeaderDeflater', () => {
  it('deflate: writes what zlib itself can read', () => {
    const block = formatHeaderBlock(headers);
    expect(inflateSync(new HeaderDeflater().deflate(block), options)).toEqual(block);
  });
});

describe('parseHeaderBlock', () => {
  it.each([
    { name: 'an empty block', block: Buffer.alloc(0) },
    { name: 'a block that is cut off', block: formatHeaderBlock(headers).subarray(0, -1) },
    { name: 'bytes after the last header', block: Buffer.concat([formatHeaderBlock(headers), Buffer.alloc(1)]) },
    { name: 'a thousand headers', block: Buffer.from([0, 0, 3, 232]) },
    { name: 'a name longer than the block', block: Buffer.from([0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]) },
    { name: 'a header without a name', block: formatHeaderBlock(new Map([['', 'x']])) },
  ])('refuses $name', ({ block }) => {
    expect(() => parseHeaderBlock(block)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

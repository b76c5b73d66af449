// Name/value header blocks of SPDY, before compression and after.
import { invalidArgument } from '../../errors.ts';

export type Headers = ReadonlyMap<string, string>;

const MAX_HEADERS = 100;

/** @throws invalid-argument for a block that is cut off, too long, or names a header twice */
export function parseHeaderBlock(block: Buffer): Headers {
  const headers = new Map<string, string>();
  let offset = 0;
  const number = () => {
    if (offset + 4 > block.length) throw invalidArgument('header block is cut off');
    offset += 4;
    return block.readUInt32BE(offset - 4);
  };
  const text = () => {
    const length = number();
    if (length > block.length - offset) throw invalidArgument('header block is cut off');
    offset += length;
    return block.toString('latin1', offset - length, offset);
  };
  const count = number();
  if (count > MAX_HEADERS) throw invalidArgument(`header block has ${count} headers`);
  for (let index = 0; index < count; index += 1) {
    const name = text().toLowerCase();
    if (name === '' || headers.has(name)) throw invalidArgument(`header block has "${name}" twice or without a name`);
    headers.set(name, text());
  }
  if (offset !== block.length) throw invalidArgument('header block goes on after its last header');
  return headers;
}

/** The inverse of `parseHeaderBlock`. */
export function formatHeaderBlock(headers: Headers): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const text = (value: string) => [number(Buffer.byteLength(value, 'latin1')), Buffer.from(value, 'latin1')];
  return Buffer.concat([number(headers.size), ...[...headers].flat().flatMap(text)]);
}

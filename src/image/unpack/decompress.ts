// Opens blobs and archives: uncompressed bytes whatever the compression, recognised by content, never by media type.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { invalidArgument, withContext } from '../../errors.ts';
import { hasIsal, isalGunzip } from '../../host/isal.ts';
import { zstdDecompress } from '../../host/zstd.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

// Node's default of 16 KiB inflates at a third of the speed.
const CHUNK_BYTES = 1024 * 1024;
const MAGIC_BYTES = 4;
const MAGICS: readonly { readonly name: Compression | 'xz' | 'bzip2'; readonly hex: string }[] = [
  { name: 'gzip', hex: '1f8b' },
  { name: 'zstd', hex: '28b52ffd' },
  { name: 'xz', hex: 'fd377a58' },
  { name: 'bzip2', hex: '425a68' },
];

/**
 * The compression of content that starts with `head`, of which four bytes are looked at.
 *
 * @throws invalid-argument for compressions that no image may use
 */
export function detectCompression(head: Buffer): Compression {
  const hex = head.toString('hex', 0, MAGIC_BYTES);
  const name = MAGICS.find((magic) => hex.startsWith(magic.hex))?.name ?? 'none';
  // A skippable frame may stand before the first real one.
  if (/^5.2a4d18$/.test(hex)) return 'zstd';
  if (name === 'xz' || name === 'bzip2') throw invalidArgument(`content is compressed with ${name}; use gzip or zstd`);
  return name;
}

/**
 * The uncompressed bytes of an open file, from its start, in pieces of up to 1 MiB, each valid until the next is asked
 * for; closes `fd` in the end.
 *
 * @throws invalid-argument when the compressed data is damaged or ends early
 */
export async function* decompress(fd: number): AsyncGenerator<Buffer, void, undefined> {
  const file = createReadStream('', { fd, start: 0, highWaterMark: CHUNK_BYTES });
  try {
    yield* inflate(file as AsyncIterable<Buffer>);
  } finally {
    file.destroy();
  }
}

/** `decompress` of bytes that come from anywhere, in pieces that are valid until the next is asked for. */
export async function* inflate(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    const head = await takeHead(pieces);
    const whole = { [Symbol.asyncIterator]: () => chain(head, pieces) };
    const compression = detectCompression(head);
    if (compression === 'gzip') yield* hasIsal() ? isalGunzip(whole) : gunzip(whole);
    else if (compression === 'zstd') yield* zstdDecompress(whole);
    else yield* whole;
  } finally {
    await pieces.return?.();
  }
}

// Enough of the first bytes to tell the compression by.
async function takeHead(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const next: IteratorResult<Buffer, unknown> = await pieces.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* chain(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* copies(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of source) yield Buffer.from(piece);
}

/** Without ISA-L. */
export async function* gunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES });
  // A stream keeps pieces for later.
  const file = Readable.from(copies(source), { objectMode: false, highWaterMark: CHUNK_BYTES });
  let broken: unknown;
  file.on('error', (error: Error) => {
    broken = error;
    inflated.destroy(error);
  });
  file.pipe(inflated);
  try {
    yield* inflated as AsyncIterable<Buffer>;
  } catch (error) {
    if (error === broken) throw error;
    throw invalidArgument(withContext('gzip', error).message, error);
  } finally {
    file.destroy();
    inflated.destroy();
  }
}

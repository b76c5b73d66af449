// Opens blobs and archives: uncompressed bytes whatever the compression, recognised by content, never by media type.
import { createReadStream, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { invalidArgument, withContext } from '../../errors.ts';
import { zstdDecompress } from '../../host/zstd.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

// Node's default of 16 KiB inflates at a third of the speed.
const CHUNK_BYTES = 1024 * 1024;
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
  const hex = head.toString('hex', 0, 4);
  const name = MAGICS.find((magic) => hex.startsWith(magic.hex))?.name ?? 'none';
  // A skippable frame may stand before the first real one.
  if (/^5.2a4d18$/.test(hex)) return 'zstd';
  if (name === 'xz' || name === 'bzip2') throw invalidArgument(`content is compressed with ${name}; use gzip or zstd`);
  return name;
}

/**
 * The uncompressed bytes of an open file, from its start, in pieces of up to 1 MiB; closes `fd` in the end.
 *
 * @param onRead told of the bytes read from the file so far, piece by piece
 * @throws invalid-argument when the compressed data is damaged or ends early
 */
export async function* decompress(
  fd: number,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const head = Buffer.alloc(4);
  const compression = detectCompression(head.subarray(0, readSync(fd, head, 0, 4, 0)));
  const file = createReadStream('', { fd, start: 0, highWaterMark: CHUNK_BYTES });
  if (onRead !== undefined) file.on('data', (piece) => onRead(piece.length));
  try {
    if (compression === 'gzip') yield* gunzip(file);
    else if (compression === 'zstd') yield* zstdDecompress(file);
    else yield* file as AsyncIterable<Buffer>;
  } finally {
    file.destroy();
  }
}

async function* gunzip(file: NodeJS.ReadableStream & { destroy(error?: Error): unknown }): AsyncGenerator<Buffer> {
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on('error', (error: Error) => inflated.destroy(error));
  file.pipe(inflated);
  try {
    yield* inflated as AsyncIterable<Buffer>;
  } catch (error) {
    throw invalidArgument(withContext('gzip', error).message, error);
  } finally {
    inflated.destroy();
  }
}

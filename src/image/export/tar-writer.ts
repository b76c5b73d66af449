// Writes a tar archive of regular files, the same bytes for the same files.
import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';

const BLOCK_BYTES = 512;
const CHUNK_BYTES = 1024 * 1024;
// What eleven octal digits hold.
const MAX_OCTAL = 8 ** 11 - 1;

const FLAGS = { file: '0', directory: '5', 'long-name': 'L' } as const;

/** A header, owned by root, readable by all, of the epoch. @param name what exceeds 100 bytes is cut */
export function tarHeader(name: string, sizeBytes: number, type: keyof typeof FLAGS = 'file'): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  block.write(name, 0, 100);
  block.write(octal(type === 'directory' ? 0o755 : 0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  if (sizeBytes <= MAX_OCTAL) block.write(octal(sizeBytes, 12), 124);
  else {
    // GNU's form for what octal digits cannot hold: a set high bit, then big-endian.
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  block.write(octal(0, 12), 136);
  block.write(FLAGS[type], 156);
  block.write('ustar\x0000', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148);
  return block;
}

/** The zeros between the end of a file's content and the next header. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES);

/** An archive on its way to a file. */
export class TarFile {
  readonly #file: WriteStream;

  /** @param path of a file that must not exist */
  constructor(path: string) {
    this.#file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  }

  async bytes(name: string, content: Buffer): Promise<void> {
    for (const part of [tarHeader(name, content.length), content, tarPadding(content.length)]) await this.#write(part);
  }

  /** Copies a file that does not change meanwhile. */
  async file(name: string, path: string, sizeBytes: number): Promise<void> {
    await this.#write(tarHeader(name, sizeBytes));
    const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    for await (const chunk of source as AsyncIterable<Buffer>) await this.#write(chunk);
    await this.#write(tarPadding(sizeBytes));
  }

  /** Writes the end and makes the file whole. */
  async finish(): Promise<void> {
    await this.#write(TAR_END);
    this.#file.end();
    await once(this.#file, 'close');
  }

  async #write(part: Buffer): Promise<void> {
    if (part.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#file.write(part, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }
}

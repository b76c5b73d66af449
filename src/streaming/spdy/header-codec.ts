// Compression of header blocks: one zlib stream per direction for the whole connection.
import { setImmediate as turn } from 'node:timers/promises';
import { constants, createInflate } from 'node:zlib';
import { deferred, type Deferred } from '../../async/deferred.ts';
import { errorMessage, invalidArgument } from '../../errors.ts';
import { HEADER_DICTIONARY } from './header-dictionary.ts';

const MAX_BLOCK_BYTES = 64 * 1024;

/** Inflates the header blocks of one connection, which depend on each other: each must be given, in order. */
export class HeaderInflater {
  readonly #inflate = createInflate({ dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  #chunks: Buffer[] = [];
  #size = 0;
  #waiting: Deferred<undefined> | undefined;

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#inflate.on('error', (error) => this.#fail(errorMessage(error)));
    this.#inflate.on('close', () => this.#fail('the connection has ended'));
  }

  #take(chunk: Buffer): void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    // A few bytes may stand for gigabytes.
    if (this.#size > MAX_BLOCK_BYTES) this.#fail(`it is longer than ${MAX_BLOCK_BYTES} bytes`);
  }

  #fail(reason: string): void {
    this.#waiting?.reject(invalidArgument(`header block: ${reason}`));
    this.#inflate.destroy();
  }

  /** One block at a time. @throws invalid-argument for what is no zlib stream, or one too long; then all is over */
  async inflate(block: Buffer): Promise<Buffer> {
    if (this.#inflate.destroyed) throw invalidArgument('header block: the connection has ended');
    this.#waiting = deferred<undefined>();
    const { promise, resolve } = this.#waiting;
    this.#inflate.write(block, () => resolve(undefined));
    await promise;
    while (this.#inflate.readableLength > 0) await turn();
    this.#waiting = undefined;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#size = 0;
    return whole;
  }

  /** Frees zlib's memory. May be repeated. */
  close(): void {
    this.#inflate.destroy();
  }
}

/** Wraps header blocks as a zlib stream without compressing them: they are small, and this needs no state in zlib. */
export class HeaderDeflater {
  #first = true;

  /** @param block at most 65,535 bytes */
  deflate(block: Buffer): Buffer {
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(0xffff - block.length, 3);
    // The empty block at the end is zlib's sync flush, without which a reader waits for more.
    const parts = [stored, block, Buffer.from([0, 0, 0, 0xff, 0xff])];
    if (this.#first) parts.unshift(Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]));
    this.#first = false;
    return Buffer.concat(parts);
  }
}

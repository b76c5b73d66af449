// A push parser for tar: bytes in, entries out, synchronously and without copying content.
// Reads ustar, pax, GNU long names, base-256 numbers, star and V7; refuses GNU sparse files.
import { invalidArgument } from '../../../errors.ts';
import { combine, type TarExtensions } from './combine.ts';
import type { TarEntry } from './entry.ts';
import { BLOCK_BYTES, cutAtNul, parseHeader, type TarHeader } from './header.ts';
import { parsePaxRecords } from './pax.ts';

/** Receives an archive in order: one `onEntry`, its content in pieces, one `onEntryEnd`, and so on. */
export interface TarSink {
  onEntry(entry: TarEntry): void;
  /** A piece of the current file's content; valid during the call only. */
  onData(piece: Buffer): void;
  onEntryEnd(): void;
}

/** Longest extension entry read: names and attributes of one entry. */
const MAX_EXTENSION_BYTES = 1024 * 1024;
const EXTENSION_FLAGS = 'xgXLK';
const NO_EXTENSIONS: TarExtensions = { pax: new Map(), longName: undefined, longLink: undefined };
const EMPTY = Buffer.alloc(0);

export class TarParser {
  readonly #sink: TarSink;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #blockFilled = 0;
  #bodyLeft = 0;
  #paddingLeft = 0;
  #zeroBlocks = 0;
  #extension: { readonly flag: string; readonly data: Buffer; filled: number } | undefined;
  #extensions = NO_EXTENSIONS;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** @throws invalid-argument when the bytes are no tar archive, and whatever the sink throws; unusable afterwards */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.#zeroBlocks < 2;) {
      if (this.#bodyLeft > 0) at += this.#takeBody(chunk, at);
      else if (this.#paddingLeft > 0) at += this.#takePadding(chunk.length - at);
      else at += this.#takeHeader(chunk, at);
    }
  }

  /** Says that no more bytes come. @throws invalid-argument when the archive ends within an entry */
  finish(): void {
    if (this.#zeroBlocks >= 2) return;
    const open = this.#blockFilled + this.#bodyLeft + this.#paddingLeft > 0 || this.#extensions !== NO_EXTENSIONS;
    if (open) throw invalidArgument('tar: unexpected end of the archive');
  }

  #takeBody(chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + this.#bodyLeft);
    this.#bodyLeft -= piece.length;
    if (this.#extension === undefined) {
      this.#sink.onData(piece);
      if (this.#bodyLeft === 0) this.#sink.onEntryEnd();
    } else {
      piece.copy(this.#extension.data, this.#extension.filled);
      this.#extension.filled += piece.length;
      if (this.#bodyLeft === 0) this.#endExtension(this.#extension.flag, this.#extension.data);
    }
    return piece.length;
  }

  #takePadding(available: number): number {
    const taken = Math.min(available, this.#paddingLeft);
    this.#paddingLeft -= taken;
    return taken;
  }

  #takeHeader(chunk: Buffer, at: number): number {
    if (this.#blockFilled === 0 && chunk.length - at >= BLOCK_BYTES) {
      this.#endHeader(chunk, at);
      return BLOCK_BYTES;
    }
    const taken = chunk.copy(this.#block, this.#blockFilled, at, at + BLOCK_BYTES - this.#blockFilled);
    this.#blockFilled += taken;
    if (this.#blockFilled === BLOCK_BYTES) {
      this.#blockFilled = 0;
      this.#endHeader(this.#block, 0);
    }
    return taken;
  }

  #endHeader(block: Buffer, from: number): void {
    if (isZero(block, from)) {
      this.#zeroBlocks += 1;
      return;
    }
    if (this.#zeroBlocks > 0) throw invalidArgument('tar: an entry follows the end of the archive');
    const header = parseHeader(block, from);
    if (EXTENSION_FLAGS.includes(header.flag)) this.#beginExtension(header);
    else this.#beginEntry(combine(header, this.#extensions));
  }

  #beginEntry(entry: TarEntry): void {
    this.#extensions = NO_EXTENSIONS;
    this.#expect(entry.sizeBytes);
    this.#sink.onEntry(entry);
    if (entry.sizeBytes === 0) this.#sink.onEntryEnd();
  }

  #beginExtension({ flag, sizeBytes }: TarHeader): void {
    if (sizeBytes < 0 || sizeBytes > MAX_EXTENSION_BYTES) {
      throw invalidArgument(`tar: an extended header is longer than ${MAX_EXTENSION_BYTES} bytes`);
    }
    if (sizeBytes === 0) {
      this.#endExtension(flag, EMPTY);
      return;
    }
    this.#extension = { flag, data: Buffer.alloc(sizeBytes), filled: 0 };
    this.#expect(sizeBytes);
  }

  #expect(bytes: number): void {
    this.#bodyLeft = bytes;
    this.#paddingLeft = (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
  }

  #endExtension(flag: string, data: Buffer): void {
    this.#extension = undefined;
    if (flag === 'L') this.#extensions = { ...this.#extensions, longName: cutAtNul(data, 0, data.length) };
    else if (flag === 'K') this.#extensions = { ...this.#extensions, longLink: cutAtNul(data, 0, data.length) };
    // Global headers ('g') are skipped, as other image tools do: layers carry at most a comment there.
    else if (flag !== 'g') this.#extensions = { ...this.#extensions, pax: parsePaxRecords(data) };
  }
}

function isZero(block: Buffer, from: number): boolean {
  for (let index = from; index < from + BLOCK_BYTES; index++) if (block[index] !== 0) return false;
  return true;
}

// One 512-byte header block: checksum, dialect, fields.
import { invalidArgument } from '../../../errors.ts';
import { parseHeaderNumber, SPACE } from './numbers.ts';

export const BLOCK_BYTES = 512;
const SUM_START = 148;
const SUM_END = 156;
const MAGIC = 257;
const PREFIX_START = 345;

/** The fields of a header block before pax and GNU records override them. */
export interface TarHeader {
  /** The type flag as a character; NUL for very old archives. */
  readonly flag: string;
  readonly name: string;
  readonly linkName: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** The bytes from `start` up to the first NUL or `end`, as a byte string. */
export function cutAtNul(bytes: Buffer, start: number, end: number): string {
  let at = start;
  while (at < end && bytes[at] !== 0) at += 1;
  return at === start ? '' : bytes.toString('latin1', start, at);
}

// Reading a header costs what these loops do and what they call: no parts of the block are made into objects or strings.
function checkSum(block: Buffer, from: number): void {
  let sum = 0;
  for (let index = from; index < from + BLOCK_BYTES; index++) sum += block[index] ?? 0;
  // The checksum field itself counts as spaces.
  for (let index = from + SUM_START; index < from + SUM_END; index++) sum += SPACE - (block[index] ?? 0);
  const stored = parseHeaderNumber(block, from + SUM_START, from + SUM_END, 'header checksum');
  // Some historic programs summed signed characters.
  if (stored !== sum && stored !== sum - 256 * countLarge(block, from)) {
    throw invalidArgument('tar: header checksum does not match');
  }
}

function countLarge(block: Buffer, from: number): number {
  let large = 0;
  for (let index = 0; index < BLOCK_BYTES; index++) {
    const isOfSum = index >= SUM_START && index < SUM_END;
    if (!isOfSum) large += (block[from + index] ?? 0) >> 7;
  }
  return large;
}

function holdsAt(block: Buffer, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (block[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

// GNU headers keep other things where ustar has its prefix; star keeps two times at the prefix's end.
function prefixOf(block: Buffer, from: number): string {
  if (block[from + PREFIX_START] === 0 || !holdsAt(block, from + MAGIC, 'ustar\0')) return '';
  const isStar = holdsAt(block, from + 508, 'tar\0');
  return cutAtNul(block, from + PREFIX_START, from + (isStar ? 476 : 500));
}

/**
 * The header in the 512 bytes at `from`.
 *
 * @throws invalid-argument when they are no tar header
 */
export function parseHeader(block: Buffer, from: number): TarHeader {
  checkSum(block, from);
  const isModern = holdsAt(block, from + MAGIC, 'ustar');
  const prefix = prefixOf(block, from);
  const name = cutAtNul(block, from, from + 100);
  return {
    flag: String.fromCharCode(block[from + 156] ?? 0),
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: cutAtNul(block, from + 157, from + 257),
    sizeBytes: parseHeaderNumber(block, from + 124, from + 136, 'size'),
    mode: parseHeaderNumber(block, from + 100, from + 108, 'mode'),
    uid: parseHeaderNumber(block, from + 108, from + 116, 'uid'),
    gid: parseHeaderNumber(block, from + 116, from + 124, 'gid'),
    mtimeSeconds: parseHeaderNumber(block, from + 136, from + 148, 'mtime'),
    deviceMajor: isModern ? parseHeaderNumber(block, from + 329, from + 337, 'device major') : 0,
    deviceMinor: isModern ? parseHeaderNumber(block, from + 337, from + 345, 'device minor') : 0,
  };
}

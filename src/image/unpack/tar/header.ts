// One 512-byte header block: checksum, dialect, fields.
import { invalidArgument } from '../../../errors.ts';
import { parseHeaderNumber } from './numbers.ts';

export const BLOCK_BYTES = 512;
const SUM_START = 148;
const SUM_END = 156;
const SPACE = 0x20;

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

/** The bytes of `field` up to the first NUL, as a byte string. */
export function cutAtNul(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? field.length : end);
}

function checkSum(block: Buffer): void {
  let sum = 0;
  let large = 0;
  // Without a branch: with the hash, this is what reading a header costs.
  for (let index = 0; index < BLOCK_BYTES; index++) {
    const byte = block[index] ?? 0;
    sum += byte;
    large += byte >> 7;
  }
  // The checksum field itself counts as spaces.
  for (let index = SUM_START; index < SUM_END; index++) {
    const byte = block[index] ?? 0;
    sum += SPACE - byte;
    large -= byte >> 7;
  }
  const stored = parseHeaderNumber(block.subarray(SUM_START, SUM_END), 'header checksum');
  // Some historic programs summed signed characters.
  if (stored !== sum && stored !== sum - 256 * large) throw invalidArgument('tar: header checksum does not match');
}

// GNU headers keep other things where ustar has its prefix; star keeps two times at the prefix's end.
function prefixOf(block: Buffer): string {
  if (block.toString('latin1', 257, 263) !== 'ustar\0') return '';
  const star = block.toString('latin1', 508, 512) === 'tar\0';
  return cutAtNul(block.subarray(345, star ? 476 : 500));
}

/** @throws invalid-argument when the block is no tar header */
export function parseHeader(block: Buffer): TarHeader {
  checkSum(block);
  const number = (start: number, end: number, what: string) => parseHeaderNumber(block.subarray(start, end), what);
  const modern = block.toString('latin1', 257, 262) === 'ustar';
  const prefix = prefixOf(block);
  const name = cutAtNul(block.subarray(0, 100));
  return {
    flag: block.toString('latin1', 156, 157),
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: cutAtNul(block.subarray(157, 257)),
    sizeBytes: number(124, 136, 'size'),
    mode: number(100, 108, 'mode'),
    uid: number(108, 116, 'uid'),
    gid: number(116, 124, 'gid'),
    mtimeSeconds: number(136, 148, 'mtime'),
    deviceMajor: modern ? number(329, 337, 'device major') : 0,
    deviceMinor: modern ? number(337, 345, 'device minor') : 0,
  };
}

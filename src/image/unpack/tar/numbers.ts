// Numbers of tar headers: octal text, GNU base-256 and pax decimals.
import { invalidArgument } from '../../../errors.ts';
import type { TarTime } from './entry.ts';

export const SPACE = 0x20;
const ZERO = 0x30;
const NANOS = 1_000_000_000;

function base256(block: Buffer, start: number, end: number, what: string): number {
  const first = block[start] ?? 0;
  let value = first === 0xff ? -1n : BigInt(first & 0x7f);
  for (const byte of block.subarray(start + 1, end)) value = (value << 8n) | BigInt(byte);
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw invalidArgument(`tar: ${what} is out of range`);
  }
  return Number(value);
}

/**
 * The number in the header field from `start` up to `end`; an empty field is 0.
 *
 * @throws invalid-argument when it is no number or beyond 2^53
 */
export function parseHeaderNumber(block: Buffer, start: number, end: number, what: string): number {
  if (((block[start] ?? 0) & 0x80) !== 0) return base256(block, start, end, what);
  // Byte by byte: eight of these stand in every header, and strings would cost more than the rest of it.
  let at = start;
  while (at < end && isBlank(block[at])) at += 1;
  let value = 0;
  for (; at < end && !isBlank(block[at]); at += 1) {
    const digit = (block[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) throw invalidArgument(`tar: ${what} is no octal number`);
    value = value * 8 + digit;
  }
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0 || byte === SPACE;
}

/** A non-negative decimal of a pax record. */
export function parsePaxInteger(text: string, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalidArgument(`tar: pax ${what} is no number in range`);
  return value;
}

/** Seconds with an optional fraction, of which digits beyond the ninth are dropped. */
export function parsePaxTime(text: string, what: string): TarTime {
  const match = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw invalidArgument(`tar: pax ${what} is no time in range`);
  const seconds = Number(match[2]);
  const nanos = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] !== '-') return { seconds, nanos };
  return nanos === 0 ? { seconds: -seconds, nanos } : { seconds: -seconds - 1, nanos: NANOS - nanos };
}

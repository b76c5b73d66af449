// Presence checks of requests: what is missing is named, as a field of the message.
import { invalidArgument } from '../errors.ts';

/** The message in `field`. @throws invalid-argument when the caller left it out */
export function required<T>(value: T | null | undefined, field: string): T {
  if (value === null || value === undefined) throw invalidArgument(`${field} is missing`);
  return value;
}

/** The text in `field`. @throws invalid-argument when it is empty */
export function requiredText(value: string, field: string): string {
  if (value === '') throw invalidArgument(`${field} is empty`);
  return value;
}

/** Seconds of a CRI int64 time-out as milliseconds, bounded so that no timer overflows. @throws invalid-argument */
export function timeoutMs(seconds: string, field: string): number {
  const value = Number(seconds);
  if (value < 0) throw invalidArgument(`${field} is negative`);
  return Math.min(value * 1000, 2 ** 31 - 1);
}

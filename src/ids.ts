// Object ids: 64 lower-case hex digits.
import { randomBytes } from 'node:crypto';

/** A new random id of 64 hex digits. */
export function newId(): string {
  return randomBytes(32).toString('hex');
}

/** Whether `text` could be an id or the prefix of one. */
export function isIdPrefix(text: string): boolean {
  return /^[0-9a-f]{1,64}$/.test(text);
}

// Status codes of ttrpc, which are gRPC's, and our error codes.
import type { ErrorCode } from '../../../errors.ts';

/** By number; 0 is success. @see google.rpc.Code */
const CODES: readonly (ErrorCode | undefined)[] = [
  undefined,
  'cancelled',
  'unknown',
  'invalid-argument',
  'deadline-exceeded',
  'not-found',
  'already-exists',
  'permission-denied',
  'resource-exhausted',
  'failed-precondition',
  'aborted',
  'unknown',
  'unimplemented',
  'internal',
  'unavailable',
  'data-loss',
  'unauthenticated',
];

export function toErrorCode(code: number): ErrorCode {
  return CODES[code] ?? 'unknown';
}

export function toStatusCode(code: ErrorCode): number {
  return CODES.indexOf(code);
}

// The one error class of the daemon, its closed list of codes, and predicates for foreign errors.
import { types } from 'node:util';

/** Codes are named like gRPC's, in kebab case; `rpc/status.ts` is the only place that maps them to the wire. */
export type ErrorCode =
  | 'cancelled'
  | 'invalid-argument'
  | 'deadline-exceeded'
  | 'not-found'
  | 'already-exists'
  | 'permission-denied'
  | 'resource-exhausted'
  | 'failed-precondition'
  | 'aborted'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data-loss'
  | 'unauthenticated'
  | 'unknown';

/**
 * An error whose class is known. Reasons say what we were doing: lower case, no full stop, ids in quotes.
 *
 * The message is the reason, with the cure behind it in parentheses where there is one.
 */
export class DaemonError extends Error {
  readonly code: ErrorCode;
  /** What went wrong, without the cure. */
  readonly reason: string;
  /** What the reader should do about it; undefined when nothing is known to help. */
  readonly cure: string | undefined;

  constructor(code: ErrorCode, reason: string, cause?: unknown, cure?: string) {
    super(withCure(reason, cure), cause === undefined ? undefined : { cause });
    this.name = 'DaemonError';
    this.code = code;
    this.reason = reason;
    this.cure = cure;
  }
}

/** A reason and its cure as one sentence, the same wherever both are shown. */
export function withCure(reason: string, cure: string | undefined): string {
  return cure === undefined || cure === '' ? reason : `${reason} (${cure})`;
}

export function notFound(kind: string, id: string): DaemonError {
  return new DaemonError('not-found', `${kind} "${id}" not found`);
}

/** The name of a pod or container is unique for as long as the object exists: remove it, or raise the attempt. */
export function nameTaken(kind: string, name: string, id: string, phase: string): DaemonError {
  return new DaemonError(
    'already-exists',
    `${kind} name "${name}" is taken by "${id}", which is ${phase}: remove it first`,
  );
}

export function invalidArgument(message: string, cause?: unknown): DaemonError {
  return new DaemonError('invalid-argument', message, cause);
}

export function failedPrecondition(message: string, cause?: unknown, cure?: string): DaemonError {
  return new DaemonError('failed-precondition', message, cause, cure);
}

export function unavailable(message: string, cause?: unknown): DaemonError {
  return new DaemonError('unavailable', message, cause);
}

export function deadlineExceeded(message: string, cause?: unknown): DaemonError {
  return new DaemonError('deadline-exceeded', message, cause);
}

export function internal(message: string, cause?: unknown): DaemonError {
  return new DaemonError('internal', message, cause);
}

/**
 * Whether `error` is a system error with the given code, such as `ENOENT`.
 * Reads `code` instead of testing the class: errors made by Node are of another realm inside Jest.
 */
export function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Whether a file system cannot do what was asked of it: Linux has two names for the same number. */
export function isUnsupported(error: unknown): boolean {
  return isErrno(error, 'EOPNOTSUPP') || isErrno(error, 'ENOTSUP');
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  if (types.isNativeError(error) || error instanceof DaemonError) return error.message;
  return String(error);
}

/** What went wrong and what helps, apart from each other, of anything that was thrown. */
export function reasonAndCure(error: unknown): { readonly reason: string; readonly cure: string | undefined } {
  if (error instanceof DaemonError) return { reason: error.reason, cure: error.cure };
  return { reason: errorMessage(error), cure: undefined };
}

/** The error's code when it is ours, `unknown` otherwise. Foreign `code` fields are never trusted. */
export function errorCode(error: unknown): ErrorCode {
  return error instanceof DaemonError ? error.code : 'unknown';
}

// Words the kubelet looks for at the beginning of a message. @see CRI, errors the kubelet knows
const MARK = /^(RegistryUnavailable|SignatureValidationFailed|RROUnsupported|ImageVolumeMountFailed): /;

/** `error` with `context: ` in front of its reason; code and cure are kept, and a word meant for the kubelet leads. */
export function withContext(context: string, error: unknown): DaemonError {
  const { reason, cure } = reasonAndCure(error);
  const mark = MARK.exec(reason)?.[0] ?? '';
  return new DaemonError(errorCode(error), `${mark}${context}: ${reason.slice(mark.length)}`, error, cure);
}

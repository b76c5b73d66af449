// What every RPC function is given beside its request.
import { randomBytes } from 'node:crypto';
import { deadlineExceeded, DaemonError } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';

export interface RpcContext {
  readonly method: string;
  readonly requestId: string;
  /** Aborts when the caller has gone or its deadline has passed. Mutations look at it before their first effect only. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** A short random id that ties the log lines of one request together. */
export function newRequestId(): string {
  return randomBytes(6).toString('hex');
}

/** The reason an RPC's signal aborts with. */
export function abortReason(deadlineMs: number): DaemonError {
  return Date.now() >= deadlineMs
    ? deadlineExceeded("the caller's deadline passed")
    : new DaemonError('cancelled', 'the caller cancelled the request');
}

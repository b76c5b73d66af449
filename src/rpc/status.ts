// The only place where an error becomes a gRPC status. A foreign error's own `code` is never looked at: grpc-js would
// copy an exit status of 5 to the wire as NOT_FOUND.
import grpc from '@grpc/grpc-js';
import { errorCode, errorMessage, type ErrorCode } from '../errors.ts';

const STATUS = {
  cancelled: grpc.status.CANCELLED,
  unknown: grpc.status.UNKNOWN,
  'invalid-argument': grpc.status.INVALID_ARGUMENT,
  'deadline-exceeded': grpc.status.DEADLINE_EXCEEDED,
  'not-found': grpc.status.NOT_FOUND,
  'already-exists': grpc.status.ALREADY_EXISTS,
  'permission-denied': grpc.status.PERMISSION_DENIED,
  'resource-exhausted': grpc.status.RESOURCE_EXHAUSTED,
  'failed-precondition': grpc.status.FAILED_PRECONDITION,
  aborted: grpc.status.ABORTED,
  unimplemented: grpc.status.UNIMPLEMENTED,
  internal: grpc.status.INTERNAL,
  unavailable: grpc.status.UNAVAILABLE,
  'data-loss': grpc.status.DATA_LOSS,
  unauthenticated: grpc.status.UNAUTHENTICATED,
} as const satisfies Record<ErrorCode, grpc.status>;

/** The status to answer with when `error` was thrown. */
export function toStatus(error: unknown): { code: grpc.status; details: string } {
  return { code: STATUS[errorCode(error)], details: errorMessage(error) };
}

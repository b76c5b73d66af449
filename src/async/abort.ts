// Cancellation as one of our errors.
import { DaemonError, errorMessage } from '../errors.ts';

/**
 * The error a cancelled call ends with: the signal's own reason when that is a DaemonError, deadline-exceeded for a
 * time-out, cancelled otherwise.
 */
export function abortError(signal: AbortSignal): DaemonError {
  const reason: unknown = signal.reason;
  if (reason instanceof DaemonError) return reason;
  const isTimeout = typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'TimeoutError';
  return isTimeout
    ? new DaemonError('deadline-exceeded', 'the deadline of the call has passed', reason)
    : new DaemonError('cancelled', `the caller has gone: ${errorMessage(reason)}`, reason);
}

/** @throws abortError when `signal` is aborted already */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}

/** `promise`, or abortError as soon as `signal` aborts. The work itself goes on. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
  }
}

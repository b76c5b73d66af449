// A create or start that took too long: its error names the key that allows more.
import { DaemonError, errorCode, reasonAndCure } from '../errors.ts';

/** `error` with the key to raise as its cure, when it is a deadline's and no other cure is known. */
export function namingTimeout(handler: string, error: unknown): unknown {
  const { reason, cure } = reasonAndCure(error);
  if (errorCode(error) !== 'deadline-exceeded' || cure !== undefined) return error;
  const raise = `if it needs longer, raise create_timeout in [runtimes.${handler}] or cri.create_timeout`;
  return new DaemonError('deadline-exceeded', reason, error, raise);
}

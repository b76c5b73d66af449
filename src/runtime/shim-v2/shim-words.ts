// What a shim said of a failure: its answer for the error, and the end of its log and of the guest's console.
import { sleep } from '../../async/timeout.ts';
import { DaemonError, errorCode, reasonAndCure } from '../../errors.ts';
import type { Logger } from '../../observe/logger.ts';
import { cureOf, firstError } from '../first-error.ts';
import { lastLines } from '../last-lines.ts';
import { LOG_LAG_MS } from './shim-log.ts';

// Kata logs each line of the guest's console with its own debug messages, once enable_debug is on.
const CONSOLE = /\bvmconsole=(?:"((?:[^"\\]|\\.)*)"|(\S+))/;

export interface ShimLogEnd {
  /** The shim's own last lines. */
  readonly shimLog: readonly string[];
  /** The last lines of the guest's console, when the shim logs it. */
  readonly guestConsole?: readonly string[];
}

/** The end of a shim's log, the guest's console apart. */
export function shimLogEnd(log: string): ShimLogEnd {
  const lines = log.split('\n').map((line) => ({ line, console: CONSOLE.exec(line) }));
  const guest = lines.flatMap(({ console }) =>
    console === null ? [] : [(console[1] ?? console[2] ?? '').replaceAll(/\\(.)/g, '$1')],
  );
  const own = lines.flatMap(({ line, console }) => (console === null ? [line] : []));
  const guestConsole = lastLines(guest.join('\n'));
  return { shimLog: lastLines(own.join('\n')), ...(guestConsole.length === 0 ? {} : { guestConsole }) };
}

/**
 * The error of a call that failed: the shim's message, and the first error of its log where the call told nothing. The
 * end of the log goes to ours.
 */
export async function explain(
  error: unknown,
  containerId: string,
  shimLog: () => string,
  log: Pick<Logger, 'warn'>,
): Promise<DaemonError> {
  await tellLogEnd(containerId, shimLog, log);
  const code = errorCode(error);
  const { reason: told, cure } = reasonAndCure(error);
  const isSilent = code === 'unavailable' || code === 'deadline-exceeded';
  const logged = isSilent ? firstError(shimLog()) : undefined;
  const reason = logged === undefined ? told : `${told}; the shim's log says: ${logged}`;
  return new DaemonError(code, reason, error, cureOf(reason) ?? cure);
}

/** Puts the end of a shim's log into ours; nothing when it is empty. */
export async function tellLogEnd(containerId: string, shimLog: () => string, log: Pick<Logger, 'warn'>): Promise<void> {
  await sleep(LOG_LAG_MS);
  const end = shimLogEnd(shimLog());
  if (end.shimLog.length === 0 && end.guestConsole === undefined) return;
  log.warn({ containerId, ...end }, "the end of the shim's log, beside a failure");
}

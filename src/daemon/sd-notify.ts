// Tells systemd about the daemon's life: the readiness protocol of sd_notify(3), without its library.
import { sendUnixDatagram } from '../host/kernel.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Send = (path: string, text: string) => void;

/**
 * Sends a state such as `READY=1`, `STOPPING=1`, `WATCHDOG=1` or `STATUS=text` (several are joined by newlines).
 *
 * Does nothing outside systemd. A lost message is no reason to fail: the result says whether it was sent.
 * @see sd_notify(3); a leading `@` in $NOTIFY_SOCKET means the abstract namespace
 */
export function notifySystemd(state: string, env: Environment = process.env, send: Send = sendUnixDatagram): boolean {
  const socket = env['NOTIFY_SOCKET'];
  if (socket === undefined || !/^[/@]/.test(socket)) return false;
  try {
    send(socket, state);
    return true;
  } catch {
    return false;
  }
}

/**
 * Milliseconds between two `WATCHDOG=1`: half of what systemd allows, or undefined when it does not watch us.
 * @see sd_watchdog_enabled(3)
 */
export function watchdogIntervalMs(env: Environment = process.env, pid = process.pid): number | undefined {
  const micros = Number(env['WATCHDOG_USEC']);
  const watched = env['WATCHDOG_PID'];
  if (!Number.isSafeInteger(micros) || micros <= 0) return undefined;
  if (watched !== undefined && watched !== String(pid)) return undefined;
  return Math.max(1, Math.floor(micros / 2000));
}

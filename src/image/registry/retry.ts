// When to ask again, and how long to wait first.
import { throwIfAborted } from '../../async/abort.ts';
import { sleep } from '../../async/timeout.ts';

/** How many times a request is sent at most. */
export const MAX_ATTEMPTS = 3;
const FIRST_DELAY_MS = 200;
// A registry that wants us to wait longer gets an error up to kubelet, which comes back by its own schedule.
const MAX_DELAY_MS = 10_000;

/** Whether the same request may succeed in a moment. */
export function isRetryableStatus(status: number): boolean {
  return status === 429 || status === 408 || status === 500 || status === 502 || status === 503 || status === 504;
}

/**
 * Milliseconds to wait before the attempt after the given one (1 is the first); undefined to give up.
 * @param retryAfter the Retry-After header: seconds or a date
 */
export function retryDelayMs(attempt: number, retryAfter?: string): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  const delay = parseRetryAfter(retryAfter) ?? FIRST_DELAY_MS * 2 ** (attempt - 1);
  return delay > MAX_DELAY_MS ? undefined : delay;
}

function parseRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Waits, but not for a caller that has gone. @throws abortError */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, signal);
  throwIfAborted(signal);
}

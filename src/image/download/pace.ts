// Watches over a body that arrives: silence and a trickle both end it, with an error that says how slow it was.
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { registryUnavailable } from '../registry/errors.ts';

const STEPS = 4;

export interface Pace {
  /** Milliseconds over which the rate is taken, and the longest silence. */
  readonly windowMs: number;
  /** Bytes per second below which a body is given up; 0 asks only for some byte in each window. */
  readonly minBytesPerSecond: number;
}

/**
 * Hands the pieces of `body` to `take` as they come, until its end; what `take` throws ends the body. Not an iterator of
 * promises: a blob has thousands of pieces.
 * @param host the registry's name and `what` the blob's, for the error
 * @throws unavailable when fewer bytes than the pace asks for came in a window; what the body or `take` throws
 */
export async function takePaced(
  body: Readable,
  pace: Pace,
  host: string,
  what: string,
  take: (piece: Buffer) => void,
): Promise<void> {
  // The window moves on in steps, so that silence is noticed soon after it has lasted a whole one.
  const steps: number[] = [];
  let bytes = 0;
  const watch = setInterval(() => {
    steps.push(bytes);
    bytes = 0;
    if (steps.length < STEPS) return;
    const came = steps.reduce((sum, step) => sum + step, 0);
    steps.shift();
    const rate = (came * 1000) / pace.windowMs;
    if (came === 0 || rate < pace.minBytesPerSecond) body.destroy(tooSlow(host, what, Math.round(rate), pace));
  }, pace.windowMs / STEPS);
  body.on('data', (piece: Buffer) => {
    // Also when destroyed it hands out what it has.
    if (body.destroyed) return;
    bytes += piece.length;
    try {
      take(piece);
    } catch (error) {
      body.destroy(error as Error);
    }
  });
  try {
    await finished(body);
  } finally {
    clearInterval(watch);
  }
}

function tooSlow(host: string, what: string, rate: number, { windowMs, minBytesPerSecond }: Pace): Error {
  const seconds = windowMs / 1000;
  const slow = `it sent ${what} at ${rate} bytes a second for ${seconds} s; at least ${minBytesPerSecond} are asked for`;
  const reason = rate === 0 ? `it stopped sending ${what}: nothing came for ${seconds} s` : slow;
  return registryUnavailable(host, reason);
}

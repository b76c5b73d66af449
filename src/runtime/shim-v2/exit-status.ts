// Exit codes and times as shims tell them, and as we do.
import type { Timestamp } from '../../gen/google/protobuf/Timestamp.ts';

const KILL = 9;
const SIGNALLED = 128;

/**
 * The exit code, 128 + signal for a process ended by a signal. Kata's guests tell the bare number of a signal that was
 * sent to them.
 * @param sent the last signal we sent, if any
 */
export function normaliseExit(status: number, sent: number | undefined): number {
  return status === KILL && sent === KILL ? SIGNALLED + KILL : status & 0xff;
}

/** Nanoseconds since the epoch; undefined for a time that is not set. */
export function toNanos(timestamp: Timestamp | null): bigint | undefined {
  if (timestamp === null) return undefined;
  const nanos = BigInt(timestamp.seconds) * 1_000_000_000n + BigInt(timestamp.nanos);
  return nanos > 0n ? nanos : undefined;
}

// What conmon reports of a container's output, on its way to a client that may be slow.
import type { Writable } from 'node:stream';
import { DaemonError } from '../errors.ts';
import type { ProcessStreams } from './driver.ts';

/** The first byte of a packet says which stream the rest is of. */
const STDOUT = 2;
const STDERR = 3;
export const PACKET_BYTES = 1 + 32_768;
/** A monitor that cannot write stops, and the container's output and log with it: buffer first, then cut off. */
const BUFFER_BYTES = 16 * 1024 * 1024;
const STUCK_MS = 10_000;
const WATCH_MS = 20;

/** Sorts packets into the client's sinks, with a bounded buffer and a limit on how long it may stay full. */
export class AttachOutput {
  readonly #sinks: ReadonlyMap<number, Writable>;
  #room: () => void = () => undefined;
  #stuck: (error: DaemonError) => void = () => undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor({ stdout, stderr }: Pick<ProcessStreams, 'stdout' | 'stderr'>) {
    const sinks = new Map<number, Writable>();
    if (stdout !== undefined) sinks.set(STDOUT, stdout);
    if (stderr !== undefined) sinks.set(STDERR, stderr);
    this.#sinks = sinks;
  }

  /** Called when packets can be taken again. */
  onRoom(listener: () => void): void {
    this.#room = listener;
  }

  /** Called when the client has taken nothing for too long. */
  onStuck(listener: (error: DaemonError) => void): void {
    this.#stuck = listener;
  }

  /** Takes one packet; false when none should follow for now. */
  take(packet: Uint8Array): boolean {
    const sink = this.#sinks.get(packet[0] ?? 0);
    if (sink === undefined || sink.destroyed) return true;
    // The reader's buffer is used again for the next packet.
    sink.write(Buffer.from(packet.subarray(1)));
    if (sink.writableLength < BUFFER_BYTES) return true;
    this.#watch ??= this.#watchFull(sink);
    return false;
  }

  #watchFull(sink: Writable): NodeJS.Timeout {
    let least = sink.writableLength;
    let since = Date.now();
    return setInterval(() => {
      if (sink.writableLength < BUFFER_BYTES / 2) {
        this.close();
        this.#room();
      } else if (sink.writableLength < least) {
        least = sink.writableLength;
        since = Date.now();
      } else if (Date.now() - since > STUCK_MS) {
        const reason = `the client took no output for ${STUCK_MS} ms, and waiting longer would stop the container`;
        this.#stuck(new DaemonError('aborted', reason));
      }
    }, WATCH_MS);
  }

  end(): void {
    for (const sink of this.#sinks.values()) sink.end();
  }

  /** Stops watching for room. May be repeated. */
  close(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}

// The CRI's log format: a time stamp, the stream, whether the line ends here, and the line.
// @see kubernetes design document "CRI: Log management"

export type OutputStream = 'stdout' | 'stderr';

/** Longer lines are cut into parts of this many bytes. */
export const LINE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/**
 * What a piece of output adds to the log. Nothing is kept between pieces: a piece that ends in the middle of a line
 * ends with a part (`P`), and the rest follows as further parts, the last of them full (`F`), whoever writes it.
 * @param timestamp RFC 3339 with nanoseconds
 */
export function formatOutput(stream: OutputStream, timestamp: string, output: Buffer): Buffer {
  const full = Buffer.from(`${timestamp} ${stream} F `);
  const partial = Buffer.from(`${timestamp} ${stream} P `);
  const end = Buffer.from('\n');
  const pieces: Buffer[] = [];
  for (let start = 0; start < output.length;) {
    const newline = output.indexOf(NEWLINE, start);
    const lineEnd = newline === -1 ? output.length : newline;
    if (lineEnd - start > LINE_BYTES) {
      pieces.push(partial, output.subarray(start, start + LINE_BYTES), end);
      start += LINE_BYTES;
      continue;
    }
    if (newline === -1) pieces.push(partial, output.subarray(start), end);
    else pieces.push(full, output.subarray(start, newline + 1));
    start = lineEnd + 1;
  }
  return Buffer.concat(pieces);
}

/** Now, in RFC 3339 with nine digits of a second. */
export function logTimestamp(): string {
  const now = performance.timeOrigin + performance.now();
  const fraction = Math.floor((now % 1) * 1_000_000);
  return new Date(now).toISOString().replace('Z', `${String(fraction).padStart(6, '0')}Z`);
}

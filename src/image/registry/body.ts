// Reads small answers whole, and no more of them than they should be.
import type { Readable } from 'node:stream';
import { DaemonError } from '../../errors.ts';

/** The whole body. @throws data-loss when it is larger than `limitBytes`; what the stream throws */
export async function readLimited(body: Readable, limitBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new DaemonError('data-loss', `${what} is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads an answer that nobody wants, so that its connection can be used again; gives up on large ones. */
export async function discard(
  body: Readable & { dump?: (options: { limit: number }) => Promise<void> },
): Promise<void> {
  await body.dump?.({ limit: 64 * 1024 }).catch(() => undefined);
}

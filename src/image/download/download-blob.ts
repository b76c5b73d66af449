// Downloads one blob into its file: from whichever host delivers it whole, going on wherever the last attempt stopped.
import { DaemonError, withContext } from '../../errors.ts';
import type { PartialFile } from '../content/partial-file.ts';
import type { RegistryClient } from '../registry/client.ts';
import { fromTransport, isRetryable } from '../registry/errors.ts';
import { MAX_ATTEMPTS, pause, retryDelayMs } from '../registry/retry.ts';
import { tryHosts } from '../registry/try-hosts.ts';
import type { Descriptor } from '../schema.ts';
import { takePaced, type Pace } from './pace.ts';
import { checkRange, rangeAt, rangeHeader, sideBySide, type Range } from './ranges.ts';

export interface DownloadTuning extends Pace {
  /** Bytes of one range; blobs that are larger are fetched in several, where the registry serves ranges. */
  readonly chunkBytes: number;
  /** Ranges of one blob in flight. */
  readonly rangesAtOnce: number;
}

export const DEFAULT_TUNING = { chunkBytes: 8 * 1024 * 1024, rangesAtOnce: 4, minBytesPerSecond: 1024 };

export interface BlobDownload {
  /** Mirrors first. */
  readonly clients: readonly RegistryClient[];
  readonly descriptor: Descriptor;
  readonly file: PartialFile;
  readonly tuning: DownloadTuning;
  readonly onRetry: () => void;
  readonly signal: AbortSignal;
}

// An attempt that brought this much makes up for the failed ones before it.
const PROGRESS_BYTES = 64 * 1024;

/**
 * Fills and proves the file. Bytes that it holds already are not fetched again, unless the digest proves them wrong.
 * @throws data-loss when no host sent the right bytes; what the registry's answers stand for; abortError
 */
export async function downloadBlob(download: BlobDownload): Promise<void> {
  const { clients, file, signal } = download;
  let isFromEarlier = file.size > 0;
  await tryHosts(clients, 'pull', signal, async (client) => {
    for (;;) {
      try {
        await fill(download, client);
        file.prove();
        return;
      } catch (error) {
        if (!(error instanceof DaemonError && error.code === 'data-loss')) throw error;
        // The next host goes on where this one stopped, but not behind bytes that proved wrong.
        file.restart();
        // Whose fault it is cannot be told as long as some of the bytes are of an earlier attempt.
        if (!isFromEarlier) throw withContext(`registry "${client.name}" sent wrong content`, error);
        isFromEarlier = false;
      }
    }
  });
}

async function fill(download: BlobDownload, client: RegistryClient): Promise<void> {
  const { file, descriptor, signal } = download;
  for (let attempt = 1; file.size < descriptor.size;) {
    const before = file.size;
    try {
      await pour(download, client);
    } catch (error) {
      if (file.size - before >= PROGRESS_BYTES) attempt = 1;
      if (!isRetryable(error) || attempt >= MAX_ATTEMPTS) throw fromTransport(client.name, error, signal);
      download.onRetry();
      await pause(retryDelayMs(attempt) ?? 0, signal);
      attempt += 1;
    }
  }
}

/** One request to the end of the blob; or, for a large rest, requests for its ranges. */
async function pour(download: BlobDownload, client: RegistryClient): Promise<void> {
  const { file, descriptor, tuning, signal } = download;
  const { chunkBytes, rangesAtOnce } = tuning;
  const from = file.size;
  const isSplit = rangesAtOnce > 1 && descriptor.size - from > chunkBytes;
  const first: Range = isSplit ? rangeAt(from, descriptor.size, chunkBytes) : { from, end: descriptor.size };
  const answer = await request(download, client, first, signal);
  const servesRanges = answer.statusCode === 206;
  if (servesRanges) checkRange(answer, first, what(descriptor));
  else if (from > 0) file.restart();
  try {
    await takePaced(answer.body, tuning, client.name, what(descriptor), (piece) => file.write(piece));
  } finally {
    file.flush();
  }
  const reached = servesRanges ? first.end : descriptor.size;
  if (file.size !== reached) throw cutShort(descriptor, file.size);
  if (reached === descriptor.size) return;
  const rest = { from: reached, size: descriptor.size, chunkBytes, ahead: rangesAtOnce };
  const ranges = sideBySide(rest, (range, stop) => fetchRange(download, client, range, stop), signal);
  for await (const pieces of ranges) pieces.forEach((piece) => file.write(piece));
}

async function fetchRange(
  download: BlobDownload,
  client: RegistryClient,
  range: Range,
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  const { descriptor, tuning } = download;
  const answer = await request(download, client, range, signal);
  if (answer.statusCode !== 206) {
    answer.body.destroy();
    throw new DaemonError('data-loss', `asked for a part of ${what(descriptor)}, it sent all of it`);
  }
  checkRange(answer, range, what(descriptor));
  const pieces: Buffer[] = [];
  let left = range.end - range.from;
  await takePaced(answer.body, tuning, client.name, what(descriptor), (piece) => {
    left -= piece.length;
    if (left < 0) throw cutShort(descriptor, range.end - left);
    pieces.push(piece);
  });
  if (left !== 0) throw cutShort(descriptor, range.end - left);
  return pieces;
}

function request(
  { descriptor, file }: BlobDownload,
  client: RegistryClient,
  range: Range,
  signal: AbortSignal,
): ReturnType<RegistryClient['send']> {
  const isWhole = range.from === 0 && range.end === descriptor.size && file.size === 0;
  return client.send({
    path: `/blobs/${descriptor.digest}`,
    headers: isWhole ? {} : { range: rangeHeader(range) },
    what: what(descriptor),
    isPaced: true,
    signal,
  });
}

function what({ digest }: Descriptor): string {
  return `blob "${digest}"`;
}

function cutShort(descriptor: Descriptor, bytes: number): DaemonError {
  return new DaemonError('data-loss', `${what(descriptor)} has ${bytes} bytes, ${descriptor.size} were promised`);
}

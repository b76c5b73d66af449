// Opens a layer's blob for reading: a whole file, or one that is still arriving and read right behind the download.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isErrno } from '../../errors.ts';
import { ArrivalGauge } from '../arrival.ts';
import { decompress, inflate } from './decompress.ts';
import type { LayerBlob } from './layer-job.ts';

/** Thrown when the bytes that were followed turn out not to be the blob. */
export class VoidArrival extends Error {}

const READ_BYTES = 1024 * 1024;

export interface OpenBlob {
  /** Of the compressed blob, also while it arrives. */
  readonly sizeBytes: number;
  /** Uncompressed. @throws VoidArrival; what `decompress` throws */
  readonly bytes: AsyncIterable<Buffer>;
}

/** Opens the file at once; what happens to its name afterwards does not matter. */
export function openBlob({ path, arrival }: LayerBlob): OpenBlob {
  if (arrival === undefined) {
    const fd = openSync(path, 'r');
    return { sizeBytes: fstatSync(fd).size, bytes: decompress(fd) };
  }
  const fd = openArriving(arrival.path, path);
  return { sizeBytes: arrival.sizeBytes, bytes: inflate(follow(fd, new ArrivalGauge(arrival.shared))) };
}

// The file may have reached its place in the meantime, or not have been made yet.
function openArriving(partial: string, whole: string): number {
  try {
    return openSync(partial, 'r');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return openSync(whole, 'r');
  }
}

// Each piece is valid until the next is asked for: they share one buffer, as a new one for each has V8 collect its garbage
// every 64 MiB.
async function* follow(fd: number, gauge: ArrivalGauge): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  let at = 0;
  try {
    for (let next = await gauge.beyond(at); next.kind !== 'end'; next = await gauge.beyond(at)) {
      if (next.kind === 'void') throw new VoidArrival();
      const read = readSync(fd, buffer, 0, Math.min(READ_BYTES, next.bytes - at), at);
      // The file was cut: its writer started again.
      if (read === 0) throw new VoidArrival();
      at += read;
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(fd);
  }
}

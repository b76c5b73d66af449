// A blob's file while it is downloaded: grows at the end only, is hashed on the way, and survives a killed daemon.
// Synchronous: for the download Worker. Writes go to the page cache, where whoever follows the file reads them.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writevSync, constants } from 'node:fs';
import type { Hash } from 'node:crypto';
import { DaemonError, isErrno } from '../../errors.ts';
import type { ArrivalGauge } from '../arrival.ts';
import { hasherFor } from '../digest.ts';
import type { Expected } from './ingest.ts';

const BATCH_BYTES = 256 * 1024;
const REHASH_BYTES = 4 * 1024 * 1024;

/** `open`, `write`, `flush`, `prove`; `close` in the end. */
export class PartialFile {
  readonly #fd: number;
  readonly #expected: Expected;
  readonly #gauge: ArrivalGauge;
  #hash: Hash;
  #size = 0;
  #batch: Buffer[] = [];
  #batchBytes = 0;

  private constructor(fd: number, expected: Expected, gauge: ArrivalGauge) {
    this.#fd = fd;
    this.#expected = expected;
    this.#gauge = gauge;
    this.#hash = hasherFor(expected.digest);
  }

  /** Opens or makes the file; bytes that an earlier attempt left are kept and hashed again. */
  static async open(path: string, expected: Expected, gauge: ArrivalGauge): Promise<PartialFile> {
    const file = new PartialFile(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600), expected, gauge);
    try {
      await file.#takeUp();
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  /** Bytes taken so far: where a broken download goes on. */
  get size(): number {
    return this.#size;
  }

  /**
   * @throws data-loss as soon as there are more bytes than expected
   * @throws resource-exhausted when the disk is full
   */
  write(chunk: Buffer): void {
    if (this.#size + chunk.length > this.#expected.size)
      throw new DaemonError('data-loss', `${this.#name()} is larger than the ${this.#expected.size} bytes promised`);
    this.#size += chunk.length;
    this.#hash.update(chunk);
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    if (this.#batchBytes >= BATCH_BYTES) this.flush();
  }

  /** Writes what waits in memory and shows it to the followers. */
  flush(): void {
    const position = this.#size - this.#batchBytes;
    try {
      writeAll(this.#fd, this.#batch, position);
    } catch (error) {
      // What did not reach the disk was not taken.
      this.#forgetAfter(position);
      if (!isErrno(error, 'ENOSPC') && !isErrno(error, 'EDQUOT')) throw error;
      const what = `no space left on the disk of the image store for ${this.#name()}`;
      throw new DaemonError('resource-exhausted', what, error);
    }
    this.#batch = [];
    this.#batchBytes = 0;
    this.#gauge.grow(this.#size);
  }

  /** Proves size and digest. @throws data-loss when either is not what was expected */
  prove(): void {
    this.flush();
    if (this.#size !== this.#expected.size)
      throw new DaemonError(
        'data-loss',
        `${this.#name()} has ${this.#size} bytes, ${this.#expected.size} were promised`,
      );
    const digest = `${this.#expected.digest.split(':')[0] ?? ''}:${this.#hash.copy().digest('hex')}`;
    if (digest !== this.#expected.digest)
      throw new DaemonError('data-loss', `${this.#name()} has the wrong content: its digest is "${digest}"`);
  }

  /** Forgets every byte, and sends those away who have read them already. */
  restart(): void {
    this.#gauge.void();
    this.#forgetAfter(0);
    ftruncateSync(this.#fd, 0);
  }

  /** Ends the file's use; what can still be written of it is kept for the next attempt. */
  close(): void {
    try {
      this.flush();
    } catch {
      // A full disk has been complained about already.
    }
    closeSync(this.#fd);
  }

  async #takeUp(): Promise<void> {
    const there = fstatSync(this.#fd).size;
    if (there > this.#expected.size) ftruncateSync(this.#fd, 0);
    else if (there > 0) this.#gauge.grow(there);
    const buffer = Buffer.allocUnsafeSlow(REHASH_BYTES);
    while (there <= this.#expected.size && this.#size < there) {
      const read = readSync(this.#fd, buffer, 0, buffer.length, this.#size);
      if (read === 0) break;
      this.#hash.update(buffer.subarray(0, read));
      this.#size += read;
      // Other downloads of this thread go on meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  // The hash cannot go back: it is rebuilt when the file is opened again, so only a restart goes on after this.
  #forgetAfter(position: number): void {
    this.#batch = [];
    this.#batchBytes = 0;
    this.#size = position;
    this.#hash = hasherFor(this.#expected.digest);
  }

  #name(): string {
    return `blob "${this.#expected.digest}"`;
  }
}

function writeAll(fd: number, buffers: readonly Buffer[], position: number): void {
  const left = [...buffers];
  for (let at = position; left.length > 0;) {
    let written = writevSync(fd, left, at);
    at += written;
    for (let head = left.shift(); head !== undefined; head = left.shift()) {
      if (written < head.length) {
        left.unshift(head.subarray(written));
        break;
      }
      written -= head.length;
    }
  }
}

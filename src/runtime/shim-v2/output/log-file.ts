// A container's log, as a file that may be rotated away or must not grow without end.
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync, fchmodSync } from 'node:fs';
import { dirname } from 'node:path';

const MODE = 0o640;

export class LogFile {
  readonly #maxBytes: number | undefined;
  #fd: number;
  #size: number;

  /** Opens the log for appending; makes it and its directory when they are missing. */
  constructor(path: string, maxBytes: number | undefined) {
    this.#maxBytes = maxBytes;
    this.#fd = openLog(path);
    this.#size = fstatSync(this.#fd).size;
  }

  /** Writes all of it. What does not fit on the disk is lost: stopping the container would not mend that. */
  append(bytes: Buffer): void {
    if (this.#maxBytes !== undefined && this.#size + bytes.length > this.#maxBytes) {
      ftruncateSync(this.#fd);
      this.#size = 0;
    }
    for (let written = 0; written < bytes.length;) {
      try {
        written += writeSync(this.#fd, bytes, written);
      } catch {
        return;
      }
    }
    this.#size += bytes.length;
  }

  /** Goes on in the file that is at `path` now. On failure the old one stays in use. */
  reopen(path: string): void {
    const fd = openLog(path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const fd = openSync(path, 'a', MODE);
  // Whatever the umask says.
  fchmodSync(fd, MODE);
  return fd;
}

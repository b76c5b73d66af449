// Collects what a child process writes to a pipe, up to a limit, without waiting for descendants that keep it open.
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { isErrno } from '../errors.ts';

const DRAIN_LIMIT_BYTES = 16 * 1024 * 1024;

/** Reads a pipe to its end in the background; bytes beyond the limit are read and dropped. Owns the descriptor. */
export class OutputReader {
  readonly #chunks: Buffer[] = [];
  #size = 0;
  readonly #limit: number;
  readonly #fd: number;
  readonly #socket: Socket;
  #received = 0;
  /** Settles when all who write to the pipe have closed it, or `close` was called. */
  readonly ended: Promise<unknown>;

  constructor(fd: number, limit: number) {
    this.#fd = fd;
    this.#limit = limit;
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on('data', (chunk: Buffer) => this.#keep(chunk));
    this.#socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#socket.on('end', resolve).on('close', resolve);
    });
  }

  /** Bytes read so far, kept or not. */
  get received(): number {
    return this.#received;
  }

  #keep(chunk: Buffer): void {
    this.#received += chunk.length;
    const room = this.#limit - this.#size;
    if (room <= 0) return;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#chunks.push(kept);
    this.#size += kept.length;
  }

  /**
   * Takes what the ended process left in the pipe and closes it. A background child that still holds the other end
   * is not waited for: everything the process itself wrote is already in the pipe.
   */
  finish(): Buffer {
    if (!this.#socket.destroyed) {
      const buffer = Buffer.alloc(65536);
      for (let drained = 0; drained < DRAIN_LIMIT_BYTES;) {
        const count = readAvailable(this.#fd, buffer);
        if (count === 0) break;
        this.#keep(Buffer.from(buffer.subarray(0, count)));
        drained += count;
      }
      this.#socket.destroy();
    }
    return Buffer.concat(this.#chunks);
  }

  /** Closes the pipe without taking anything more. May be repeated. */
  close(): void {
    this.#socket.destroy();
  }
}

function readAvailable(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (isErrno(error, 'EAGAIN') || isErrno(error, 'EIO') || isErrno(error, 'EBADF')) return 0;
    throw error;
  }
}

// Reads a shim's log FIFO, so that the shim never waits for a reader, and keeps the end of it for error messages.
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { isErrno } from '../../errors.ts';
import { makeFifo } from '../../host/kernel.ts';

/** Milliseconds after an answer or an end by which what was logged before it has been read. */
export const LOG_LAG_MS = 50;

const TAIL_CHARACTERS = 16 * 1024;

export class ShimLog {
  readonly #socket: Socket;
  #tail = '';

  /** Makes the FIFO unless it is there, and begins to read. */
  static open(path: string): ShimLog {
    try {
      makeFifo(path, 0o600);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    // Open for writing too: then a shim that comes and goes does not end the reading.
    return new ShimLog(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
  }

  private constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.setEncoding('utf8');
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
    });
    this.#socket.unref();
  }

  /** The last 16 KiB of what the shim logged since we read it. */
  get tail(): string {
    return this.#tail;
  }

  /** May be repeated. */
  close(): void {
    this.#socket.destroy();
  }
}

// The writing side of a FIFO that feeds a process's standard input.
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { sleep } from '../../async/timeout.ts';
import { bytesWaiting } from '../../host/kernel.ts';

export class InputFifo {
  /** Never ends the input by itself: see `finish`. */
  readonly socket: Socket;
  readonly #fd: number;

  constructor(path: string) {
    // For reading too: where nobody reads yet, opening for writing alone would fail.
    this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.socket = new Socket({ fd: this.#fd, readable: false, writable: true });
    // The process may end or close its input at any time, and what was meant for it is lost.
    this.socket.on('error', () => undefined);
  }

  /** Waits until the shim has read all that was written, for it drops the rest when it is told of the end. */
  async finish(): Promise<void> {
    await new Promise((resolve) => {
      this.socket.write('', resolve);
    });
    for (let pause = 1; !this.socket.destroyed && bytesWaiting(this.#fd) > 0; pause = Math.min(pause * 2, 50)) {
      await sleep(pause);
    }
    this.close();
  }

  /** May be repeated. */
  close(): void {
    this.socket.destroy();
  }
}

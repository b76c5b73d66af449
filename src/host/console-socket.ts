// The socket over which an OCI runtime hands out the terminal of a process it has started.
import { closeSync, openSync, rmSync } from 'node:fs';
import { acceptUnix, closeFd, listenUnix, receiveDescriptor } from './kernel.ts';

/** Listens in a directory; its path is short however deep that directory lies. */
export class ConsoleSocket {
  /** For the runtime's `--console-socket`; valid while this is open. */
  readonly path: string;
  readonly #directory: number;
  readonly #socket: number;

  /** @param directory an existing directory that nobody else may write to */
  constructor(directory: string) {
    this.#directory = openSync(directory, 'r');
    // A socket's path may be 107 bytes long, a bundle's is longer.
    this.path = `/proc/${process.pid}/fd/${this.#directory}/console`;
    try {
      this.#socket = listenUnix(this.path);
    } catch (error) {
      closeSync(this.#directory);
      throw error;
    }
  }

  /**
   * The terminal's master side, a descriptor that the caller owns.
   * To be called when the runtime's process has ended: what it sent waits here by then.
   * @throws KernelError with EAGAIN when it sent nothing
   */
  takeTerminal(): number {
    const connection = acceptUnix(this.#socket);
    try {
      return receiveDescriptor(connection);
    } finally {
      closeFd(connection);
    }
  }

  close(): void {
    rmSync(this.path, { force: true });
    closeFd(this.#socket);
    closeSync(this.#directory);
  }
}

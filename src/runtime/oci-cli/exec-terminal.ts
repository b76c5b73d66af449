// Wires with a terminal: the runtime makes it in the container and hands us its master side.
import { failedPrecondition, isErrno } from '../../errors.ts';
import { ConsoleSocket } from '../../host/console-socket.ts';
import { openDescriptor, readRest, type DescriptorStream } from '../../host/descriptor-stream.ts';
import { setWindowSize } from '../../host/kernel.ts';
import { OutputPump } from '../../host/output-pump.ts';
import type { ProcessStreams, TerminalSize } from '../driver.ts';
import type { ExecWires } from './exec-wires.ts';

/** A background child may keep the terminal open; what was written reaches us after a moment of the kernel's. */
const QUIET_MS = 50;
/** What the kernel hands out of a terminal at once. */
const READ_BYTES = 4096;

export class ExecTerminal implements ExecWires {
  readonly stdio: readonly null[] = [null, null, null];
  readonly flags: readonly string[];
  readonly #console: ConsoleSocket;
  readonly #streams: ProcessStreams;
  #terminal: DescriptorStream | undefined;
  #pump: OutputPump | undefined;
  #released = false;

  /** @param directory the exec's own */
  constructor(directory: string, streams: ProcessStreams) {
    this.#console = new ConsoleSocket(directory);
    this.flags = ['--console-socket', this.#console.path];
    this.#streams = streams;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#console.close();
  }

  connect(): void {
    const terminal = openDescriptor(this.#take());
    this.#terminal = terminal;
    this.release();
    const takeRest = (take: (chunk: Buffer) => void) => readRest(terminal.fd, READ_BYTES, take);
    this.#pump = new OutputPump(terminal.stream, this.#streams.stdout, takeRest);
    // Without `end`: a terminal has no end of file but the one its user types.
    this.#streams.stdin?.pipe(terminal.stream, { end: false });
    this.#streams.onResize((size) => this.#resize(size));
  }

  #take(): number {
    try {
      return this.#console.takeTerminal();
    } catch (error) {
      if (isErrno(error, 'EAGAIN')) throw failedPrecondition('the runtime handed out no terminal', error);
      throw error;
    }
  }

  #resize({ rows, columns }: TerminalSize): void {
    const terminal = this.#terminal;
    if (terminal !== undefined && !terminal.stream.destroyed) setWindowSize(terminal.fd, rows, columns);
  }

  async finish(): Promise<void> {
    await this.#pump?.finish(QUIET_MS);
    this.close();
  }

  close(): void {
    this.release();
    if (this.#terminal === undefined) return;
    this.#streams.stdin?.unpipe(this.#terminal.stream);
    this.#streams.stdin?.resume();
    // Its last descriptor: the terminal hangs up.
    this.#terminal.stream.destroy();
  }
}

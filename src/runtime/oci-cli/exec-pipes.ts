// Wires without a terminal: a pipe for each stream the client asked for.
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { pipe } from '../../host/kernel.ts';
import { OutputPump } from '../../host/output-pump.ts';
import type { ProcessStreams } from '../driver.ts';
import type { ExecWires } from './exec-wires.ts';

export class ExecPipes implements ExecWires {
  readonly flags: readonly string[] = [];
  readonly #streams: ProcessStreams;
  readonly #theirs: (number | null)[] = [null, null, null];
  readonly #input: Socket | undefined;
  readonly #outputs: Socket[] = [];
  readonly #pumps: OutputPump[] = [];

  constructor(streams: ProcessStreams) {
    this.#streams = streams;
    try {
      if (streams.stdin !== undefined) {
        const [read, write] = pipe(false);
        this.#theirs[0] = read;
        this.#input = new Socket({ fd: write, readable: false, writable: true });
        // The program may end or close its input at any time, and what was meant for it is lost.
        this.#input.on('error', () => undefined);
      }
      if (streams.stdout !== undefined) this.#addOutput(1);
      if (streams.stderr !== undefined) this.#addOutput(2);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #addOutput(target: 1 | 2): void {
    const [read, write] = pipe(false);
    this.#theirs[target] = write;
    this.#outputs.push(new Socket({ fd: read, readable: true, writable: false }));
  }

  get stdio(): readonly (number | null)[] {
    return this.#theirs;
  }

  release(): void {
    this.#theirs.forEach((fd) => {
      if (fd !== null) closeSync(fd);
    });
    this.#theirs.fill(null);
  }

  connect(): void {
    const { stdin, stdout, stderr } = this.#streams;
    if (stdin !== undefined && this.#input !== undefined) stdin.pipe(this.#input);
    const sinks = [stdout, stderr].filter((sink) => sink !== undefined);
    this.#outputs.forEach((source, index) => this.#pumps.push(new OutputPump(source, sinks[index])));
  }

  async finish(): Promise<void> {
    this.#closeInput();
    await Promise.all(this.#pumps.map((pump) => pump.finish(0)));
  }

  close(): void {
    this.release();
    this.#closeInput();
    this.#outputs.forEach((source) => source.destroy());
  }

  #closeInput(): void {
    if (this.#input === undefined) return;
    this.#streams.stdin?.unpipe(this.#input);
    // What the client still sends must not hold up its connection.
    this.#streams.stdin?.resume();
    this.#input.destroy();
  }
}

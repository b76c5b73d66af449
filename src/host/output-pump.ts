// Moves what a child process writes to a reader elsewhere, as fast as that reader takes it.
import type { Readable, Writable } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../async/deferred.ts';

/** The most a pipe can hold: what an ended process left is no more than this. */
const PIPE_BYTES = 1024 * 1024;
const TURNS = 3;

/** Copies `source` to `sink` without a limit of its own; owns the source, and ends the sink in `finish`. */
export class OutputPump {
  readonly #source: Readable;
  readonly #sink: Writable | undefined;
  readonly #end = deferred<undefined>();
  #bytes = 0;
  #ended = false;

  /**
   * @param sink undefined: the output is read and dropped
   * @param takeRest hands out what the source still holds when it reports its end
   */
  constructor(source: Readable, sink: Writable | undefined, takeRest?: (take: (chunk: Buffer) => void) => void) {
    this.#source = source;
    this.#sink = sink;
    const stop = () => {
      this.#ended = true;
      this.#end.resolve(undefined);
    };
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    if (takeRest !== undefined) source.on('end', () => !source.destroyed && takeRest((chunk) => this.#take(chunk)));
    // A terminal's end may be an error, and what no longer can be read has ended too.
    source.on('end', stop).on('error', stop).on('close', stop);
    sink?.on('drain', () => source.resume());
    // Nobody reads on: the process learns it by SIGPIPE.
    sink?.on('close', () => source.destroy());
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#sink?.write(chunk) === false) this.#source.pause();
  }

  /**
   * Takes what the ended process has left and ends the sink. A background child that still holds the other side is
   * not waited for.
   * @param quietMs how long nothing must come before the source counts as empty; 0 where the kernel delivers at once
   */
  async finish(quietMs: number): Promise<void> {
    const limit = this.#bytes + PIPE_BYTES;
    let isEmpty = false;
    while (!this.#ended && !isEmpty && this.#bytes < limit) {
      await this.#room();
      const before = this.#bytes;
      await this.#quiet(quietMs);
      // A slow reader may be what nothing came for.
      isEmpty = this.#bytes === before && !this.#isFull();
    }
    this.#source.destroy();
    this.#sink?.end();
  }

  #isFull(): boolean {
    return this.#sink?.writableNeedDrain === true;
  }

  async #room(): Promise<void> {
    const sink = this.#sink;
    if (sink === undefined || !this.#isFull()) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        sink.off('drain', done).off('close', done);
        resolve();
      };
      sink.on('drain', done).on('close', done);
    });
  }

  // After a whole turn of the event loop everything that was readable has been read.
  async #quiet(ms: number): Promise<void> {
    if (ms > 0) await Promise.race([sleep(ms, undefined, { ref: false }), this.#end.promise]);
    for (let count = 0; count < TURNS; count += 1) await turn();
  }

  /** Gives up: whoever still writes gets SIGPIPE, a terminal hangs up. May be repeated. */
  close(): void {
    this.#source.destroy();
  }
}

// Moves what a child process writes to a reader elsewhere, as fast as that reader takes it.
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/** The most a pipe can hold: what an ended process left is no more than this. */
const PIPE_BYTES = 1024 * 1024;
const TURNS = 3;

/** Copies `source` to `sink` without a limit of its own; owns the source, and ends the sink in `finish`. */
export class OutputPump {
  readonly #source: Readable;
  readonly #sink: Writable | undefined;
  #bytes = 0;
  #ended = false;

  /** @param sink undefined: the output is read and dropped */
  constructor(source: Readable, sink: Writable | undefined) {
    this.#source = source;
    this.#sink = sink;
    const stop = () => {
      this.#ended = true;
    };
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    // A terminal's end is an error, and what no longer can be read has ended too.
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
    for (let before = -1; !this.#ended && before < this.#bytes && this.#bytes < limit;) {
      if (this.#sink?.writableNeedDrain === true) await settled(this.#sink);
      before = this.#bytes;
      await this.#quiet(quietMs);
    }
    this.#source.destroy();
    this.#sink?.end();
  }

  // After a whole turn of the event loop everything that was readable has been read.
  async #quiet(ms: number): Promise<void> {
    if (ms > 0) await Promise.race([sleep(ms, undefined, { ref: false }), once(this.#source, 'close').catch(ignore)]);
    for (let count = 0; count < TURNS; count += 1) await turn();
  }

  /** Gives up: whoever still writes gets SIGPIPE, a terminal hangs up. May be repeated. */
  close(): void {
    this.#source.destroy();
  }
}

async function settled(sink: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      sink.off('drain', done).off('close', done);
      resolve();
    };
    sink.on('drain', done).on('close', done);
  });
}

function ignore(): void {
  // Only that it ended matters.
}

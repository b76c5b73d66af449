// Reads a tar archive from an asynchronous source, one entry at a time, with back-pressure.
import type { TarEntry } from './tar/entry.ts';
import { TarParser } from './tar/parser.ts';

/** One entry and its content, which can be read once and only until the next entry is asked for. */
export interface TarMember {
  readonly entry: TarEntry;
  readonly content: AsyncIterable<Buffer>;
}

type Event = TarEntry | Buffer | 'end';

class EventSource {
  readonly #events: Event[] = [];
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #parser: TarParser;
  #finished = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
    this.#parser = new TarParser({
      onEntry: (entry) => this.#events.push(entry),
      onData: (piece) => this.#events.push(piece),
      onEntryEnd: () => this.#events.push('end'),
    });
  }

  async next(): Promise<Event | undefined> {
    while (this.#events.length === 0 && !this.#finished) {
      const chunk: IteratorResult<Buffer, unknown> = await this.#chunks.next();
      if (chunk.done === true) {
        this.#finished = true;
        this.#parser.finish();
      } else this.#parser.push(chunk.value);
    }
    return this.#events.shift();
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/**
 * The members of an archive in order. Content that is not read is skipped. Leaving the loop closes the source.
 *
 * @throws invalid-argument when the archive is malformed or ends within an entry
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarMember, void, undefined> {
  const events = new EventSource(source);
  try {
    for (let event = await events.next(); event !== undefined; event = await events.next()) {
      // Content and ends seen here belong to a member that the caller did not read to its end.
      if (event === 'end' || Buffer.isBuffer(event)) continue;
      yield { entry: event, content: contentOf(events) };
    }
  } finally {
    await events.close();
  }
}

async function* contentOf(events: EventSource): AsyncGenerator<Buffer, void, undefined> {
  for (let event = await events.next(); Buffer.isBuffer(event); event = await events.next()) yield event;
}

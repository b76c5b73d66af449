// Port-forward over SPDY: each forwarded connection is a pair of streams, `data` and `error`, with one `requestID`.
import type { Duplex } from 'node:stream';
import { forwardPort } from '../port-forward.ts';
import type { StreamRuntime } from '../session.ts';
import { SpdyConnection } from './connection.ts';
import type { SpdyStream } from './stream.ts';

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';
const MAX_PORT = 65_535;

export interface PortSession {
  readonly runtime: StreamRuntime;
  readonly sandboxId: string;
  /** Carries SPDY: a socket, or the messages of a WebSocket. */
  readonly transport: Duplex;
  /** How long the second stream of a pair may take. */
  readonly creationMs: number;
}

/** Serves one client until it has gone. @throws when it broke the protocol */
export async function servePortsOverSpdy(session: PortSession): Promise<void> {
  const pairs = new StreamPairs(session);
  const connection = new SpdyConnection({ transport: session.transport, onStream: (stream) => pairs.add(stream) });
  try {
    await connection.run();
  } finally {
    pairs.close();
  }
}

interface HalfPair {
  readonly stream: SpdyStream;
  readonly timer: NodeJS.Timeout;
}

class StreamPairs {
  readonly #session: PortSession;
  /** The first streams of pairs, by request. */
  readonly #waiting = new Map<string, HalfPair>();

  constructor(session: PortSession) {
    this.#session = session;
  }

  add(stream: SpdyStream): void {
    const type = stream.headers.get('streamtype');
    const port = Number(stream.headers.get('port'));
    const isPort = Number.isInteger(port) && port > 0 && port <= MAX_PORT;
    if (!isPort || (type !== 'data' && type !== 'error')) {
      stream.destroy();
      return;
    }
    stream.accept();
    const key = requestId(stream, type);
    const first = this.#waiting.get(key);
    if (first === undefined) this.#wait(key, stream);
    else this.#join(key, first, stream, port);
  }

  #wait(key: string, stream: SpdyStream): void {
    const forget = () => {
      clearTimeout(timer);
      if (this.#waiting.get(key)?.stream === stream) this.#waiting.delete(key);
    };
    const timer = setTimeout(() => {
      forget();
      stream.destroy();
    }, this.#session.creationMs);
    stream.once('close', forget);
    this.#waiting.set(key, { stream, timer });
  }

  #join(key: string, first: HalfPair, second: SpdyStream, port: number): void {
    const isData = (stream: SpdyStream) => stream.headers.get('streamtype') === 'data';
    if (isData(first.stream) === isData(second)) {
      second.destroy();
      return;
    }
    clearTimeout(first.timer);
    this.#waiting.delete(key);
    const [data, error] = isData(second) ? [second, first.stream] : [first.stream, second];
    error.resume();
    const { runtime, sandboxId } = this.#session;
    void forwardPort({ runtime, sandboxId, port, data, error });
  }

  /** Stops waiting. */
  close(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}

// The oldest clients send no request id, but open the error stream and then, as the next, the data stream.
function requestId(stream: SpdyStream, type: 'data' | 'error'): string {
  return stream.headers.get('requestid') ?? `stream ${type === 'error' ? stream.id : stream.id - 2}`;
}

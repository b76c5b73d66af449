// A client of exec, attach and port-forward over SPDY, which can be cut off anywhere.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FRAME, FrameParser, controlFrame, dataHead } from '../../src/streaming/spdy/frame.ts';
import { formatHeaderBlock } from '../../src/streaming/spdy/header-block.ts';
import { HeaderDeflater } from '../../src/streaming/spdy/header-codec.ts';

export type Headers = Readonly<Record<string, string>>;

/** The head of the request that asks for SPDY. */
export function upgradeRequest(url: URL, protocol: string): string {
  const head = ['Host: x', 'Connection: Upgrade', 'Upgrade: SPDY/3.1', `X-Stream-Protocol-Version: ${protocol}`];
  return [`POST ${url.pathname} HTTP/1.1`, ...head, '', ''].join('\r\n');
}

export class SpdyClient {
  readonly socket: Socket;
  readonly #deflater = new HeaderDeflater();
  readonly #parser = new FrameParser();
  /** What came, by stream. */
  readonly #received = new Map<number, Buffer[]>();
  #lastStream = -1;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
  }

  /** Upgrades a connection. @throws when the server refuses */
  static async open(url: URL, protocol: string): Promise<SpdyClient> {
    const client = new SpdyClient(connect(Number(url.port), url.hostname));
    client.socket.write(upgradeRequest(url, protocol));
    const [head] = (await once(client.socket, 'data')) as [Buffer];
    const end = head.indexOf('\r\n\r\n');
    if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new RangeError(head.toString('latin1'));
    client.#take(head.subarray(end + 4));
    client.socket.on('data', (chunk: Buffer) => client.#take(chunk));
    return client;
  }

  /** Opens a stream and returns its number. */
  stream(headers: Headers): number {
    this.#lastStream += 2;
    const block = this.#deflater.deflate(formatHeaderBlock(new Map(Object.entries(headers))));
    this.socket.write(controlFrame(FRAME.SYN_STREAM, [this.#lastStream, 0], Buffer.concat([Buffer.alloc(2), block])));
    return this.#lastStream;
  }

  send(stream: number, bytes: Buffer, fin = false): void {
    this.socket.write(Buffer.concat([dataHead(stream, bytes.length, fin), bytes]));
  }

  received(stream: number): Buffer {
    return Buffer.concat(this.#received.get(stream) ?? []);
  }

  #take(chunk: Buffer): void {
    this.#parser.push(chunk);
    for (let frame; (frame = this.#parser.next()) !== undefined;) {
      if (frame.kind !== 'data') continue;
      const parts = this.#received.get(frame.streamId) ?? [];
      this.#received.set(frame.streamId, parts);
      parts.push(Buffer.from(frame.bytes));
    }
  }
}

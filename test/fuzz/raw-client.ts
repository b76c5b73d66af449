// A client that sends any bytes over an upgraded connection, and takes apart what comes back.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FRAME } from '../../src/streaming/spdy/frame.ts';

/** What a connection speaks; a tunnel is SPDY in the messages of a WebSocket. */
export type Transport = 'spdy' | 'websocket' | 'tunnel';

/** The opcode of a close frame. */
const CLOSE = 8;

export class RawClient {
  readonly socket: Socket;
  /** Resolves when the server has closed its side. */
  readonly ended: Promise<unknown>;
  readonly #spdy = new GoAwayFinder();
  readonly #messages = new ClosingFinder();
  readonly #take: (chunk: Buffer) => void;

  private constructor(socket: Socket, transport: Transport) {
    this.socket = socket;
    if (transport === 'tunnel') this.#messages.onMessage = (bytes) => this.#spdy.take(bytes);
    this.#take = transport === 'spdy' ? (chunk) => this.#spdy.take(chunk) : (chunk) => this.#messages.take(chunk);
    this.ended = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
    socket.on('error', () => undefined);
  }

  /** @throws when the server refuses */
  static async open(href: string, transport: Transport, protocol: string): Promise<RawClient> {
    const { port, pathname } = new URL(href);
    const socket = connect(Number(port), '127.0.0.1');
    const client = new RawClient(socket, transport);
    const asked =
      transport === 'spdy'
        ? ['Upgrade: SPDY/3.1', `X-Stream-Protocol-Version: ${protocol}`]
        : [
            ...['Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Protocol: ${protocol}`],
            `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
          ];
    const method = transport === 'spdy' ? 'POST' : 'GET';
    socket.write([`${method} ${pathname} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', ...asked, '', ''].join('\r\n'));
    const [head] = (await once(socket, 'data')) as [Buffer];
    if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new RangeError(head.toString('latin1'));
    client.#take(head.subarray(head.indexOf('\r\n\r\n') + 4));
    socket.on('data', (chunk: Buffer) => client.#take(chunk));
    return client;
  }

  /** The status of the GOAWAY that came; undefined without one. @see SPDY Protocol Draft 3.1, 2.6.6 */
  get goAway(): number | undefined {
    return this.#spdy.status;
  }

  /** The code of the close frame that came; undefined without one. */
  get closeCode(): number | undefined {
    return this.#messages.code;
  }
}

interface Head {
  readonly headBytes: number;
  readonly payloadBytes: number;
  /** The payload is wanted whole. */
  readonly isWhole: boolean;
}

/**
 * Takes a server's bytes apart frame by frame: it may echo payloads that look like the frame which is looked for.
 */
abstract class FrameFinder {
  #unread: Buffer = Buffer.alloc(0);
  /** Bytes of a payload that are still to come. */
  #left = 0;

  take(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (this.#next());
  }

  /** @returns undefined when more bytes are needed to tell */
  protected abstract head(bytes: Buffer): Head | undefined;
  /** @param bytes the head and the payload */
  protected abstract whole(bytes: Buffer, head: Head): void;
  /** Called with a payload that is not wanted whole, as it comes. */
  protected onPart: (payload: Buffer) => void = () => undefined;

  /** Takes one step; false when more bytes are needed for it. */
  #next(): boolean {
    const bytes = this.#unread;
    if (this.#left > 0) {
      const part = bytes.subarray(0, this.#left);
      this.#left -= part.length;
      this.#unread = bytes.subarray(part.length);
      if (part.length > 0) this.onPart(part);
      return part.length > 0;
    }
    const head = this.head(bytes);
    if (head === undefined) return false;
    const length = head.headBytes + head.payloadBytes;
    if (head.isWhole && bytes.length < length) return false;
    if (head.isWhole) this.whole(bytes.subarray(0, length), head);
    this.#left = head.isWhole ? 0 : head.payloadBytes;
    this.#unread = bytes.subarray(head.isWhole ? length : head.headBytes);
    return true;
  }
}

/** @see RFC 6455, 5.2 and 5.5.1 */
class ClosingFinder extends FrameFinder {
  code: number | undefined;

  protected head(bytes: Buffer): Head | undefined {
    const short = (bytes[1] ?? 0) & 0x7f;
    const headBytes = { 126: 4, 127: 10 }[short] ?? 2;
    if (bytes.length < headBytes) return undefined;
    const long = headBytes === 4 ? bytes.readUInt16BE(2) : short;
    const payloadBytes = headBytes === 10 ? Number(bytes.readBigUInt64BE(2)) : long;
    return { headBytes, payloadBytes, isWhole: (bytes[0]! & 0x0f) > 2 };
  }

  protected whole(bytes: Buffer, { headBytes, payloadBytes }: Head): void {
    if ((bytes[0]! & 0x0f) === CLOSE && payloadBytes >= 2) this.code = bytes.readUInt16BE(headBytes);
  }

  /** Has the payloads of messages told. */
  set onMessage(told: (bytes: Buffer) => void) {
    this.onPart = told;
  }
}

/** @see SPDY Protocol Draft 3.1, 2.2 */
class GoAwayFinder extends FrameFinder {
  status: number | undefined;

  protected head(bytes: Buffer): Head | undefined {
    if (bytes.length < 8) return undefined;
    return { headBytes: 8, payloadBytes: bytes.readUIntBE(5, 3), isWhole: bytes[0]! >= 0x80 };
  }

  protected whole(bytes: Buffer): void {
    if (bytes.readUInt16BE(2) === FRAME.GOAWAY) this.status = bytes.readUInt32BE(12);
  }
}

// Several byte streams over one WebSocket: each message begins with the number of its channel.
import { Readable, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { decodeMessage, encodeMessage, type Encoding } from './message.ts';

/** Version 5, from clients: the next byte is the number of a channel that has ended. */
const CLOSE_CHANNEL = 255;
const PROTOCOL_ERROR = 1002;
const INPUT_BYTES = 64 * 1024;
/** The first probe draws the reset, the second meets it. */
const PROBE_MS = 2000;

export interface ChannelOptions {
  readonly encoding: Encoding;
  /** The client can end a channel by itself. */
  readonly canClose: boolean;
  /** The channels that exist. */
  readonly count: number;
}

/** Channels that nobody asked for are read and dropped. */
export class WebSocketChannels {
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #inputs = new Map<number, Readable>();
  readonly #blocked = new Set<number>();
  #probe: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, options: ChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (message) => this.#take(message));
    socket.on('close', () => this.#inputs.forEach((input) => input.destroy()));
  }

  /** What the client sends on a channel. To be called before the event loop goes on. */
  input(channel: number): Readable {
    const read = () => this.#unblock(channel);
    const input = new Readable({
      highWaterMark: INPUT_BYTES,
      read,
      destroy: (error, callback) => {
        read();
        callback(error);
      },
    });
    input.on('error', () => undefined);
    this.#inputs.set(channel, input);
    return input;
  }

  /** What is sent to the client on a channel. Its end is the connection's: only clients can end a channel. */
  output(channel: number): Writable {
    const output = new Writable({
      decodeStrings: true,
      write: (chunk: Buffer, _encoding, done) => this.#send(channel, chunk, done),
    });
    output.on('error', () => undefined);
    this.#socket.once('close', () => output.destroy());
    return output;
  }

  #send(channel: number, bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#socket.send(encodeMessage(channel, bytes, this.#options.encoding), done);
  }

  #take(raw: RawData): void {
    const message = decodeMessage(raw as Buffer, this.#options.encoding);
    if (message === undefined) {
      this.#socket.close(PROTOCOL_ERROR, 'not a channel message');
      return;
    }
    const { channel, bytes } = message;
    if (this.#options.canClose && channel === CLOSE_CHANNEL) {
      this.#end(bytes[0]);
      return;
    }
    if (channel >= this.#options.count) {
      this.#socket.close(PROTOCOL_ERROR, `no channel ${channel}`);
      return;
    }
    const input = this.#inputs.get(channel);
    if (input === undefined || input.readableEnded || input.destroyed || bytes.length === 0) return;
    if (input.push(bytes)) return;
    this.#blocked.add(channel);
    this.#socket.pause();
    // The end of a client is not seen where nothing is read: writing finds it out.
    this.#probe ??= setInterval(() => this.#socket.ping(), PROBE_MS);
  }

  #unblock(channel: number): void {
    this.#blocked.delete(channel);
    if (this.#blocked.size > 0) return;
    clearInterval(this.#probe);
    this.#probe = undefined;
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #end(channel: number | undefined): void {
    const input = this.#inputs.get(channel ?? CLOSE_CHANNEL);
    this.#inputs.delete(channel ?? CLOSE_CHANNEL);
    input?.push(null);
  }
}

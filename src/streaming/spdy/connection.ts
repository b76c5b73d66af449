// One SPDY/3.1 connection, server side: frames to streams and back, over any byte stream.
import type { Duplex } from 'node:stream';
import { invalidArgument } from '../../errors.ts';
import { readControl, type Control } from './control.ts';
import { FRAME, FrameParser, controlFrame, type DataPiece } from './frame.ts';
import { formatHeaderBlock, parseHeaderBlock } from './header-block.ts';
import { HeaderDeflater, HeaderInflater } from './header-codec.ts';
import { Outbox } from './outbox.ts';
import { SpdyStream } from './stream.ts';

const MAX_STREAMS = 2048;
const RESET = { PROTOCOL_ERROR: 1, INVALID_STREAM: 2, REFUSED_STREAM: 3, CANCEL: 5 } as const;
const GOAWAY = { OK: 0, PROTOCOL_ERROR: 1 } as const;
const CONNECTION_UPDATE_BYTES = 32 * 1024;
/** The first probe draws the reset, the second meets it. */
const PROBE_MS = 2000;
/** Pings of the server have even numbers. */
const OUR_PING = 2;

export interface SpdyConnectionOptions {
  readonly transport: Duplex;
  /** Called for each stream the client opens; to be accepted or destroyed. */
  readonly onStream: (stream: SpdyStream) => void;
}

/** What breaks the protocol ends this connection and nothing else. */
export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #parser = new FrameParser();
  readonly #inflater = new HeaderInflater();
  readonly #deflater = new HeaderDeflater();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #outbox: Outbox;
  readonly #blocked = new Set<number>();
  #unblocked: () => void = () => undefined;
  #lastStreamId = 0;
  #received = 0;
  #isClosing = false;

  constructor({ transport, onStream }: SpdyConnectionOptions) {
    this.#transport = transport;
    this.#onStream = onStream;
    this.#outbox = new Outbox(transport);
    transport.on('error', () => undefined);
    transport.on('close', () => this.#unblocked());
  }

  /** Serves until the connection has ended. @throws invalid-argument when the client broke the protocol */
  async run(): Promise<void> {
    try {
      // Not destroyed when the loop is left: the goodbye is still to be sent.
      const chunks = this.#transport.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const chunk of chunks) {
        this.#parser.push(chunk);
        for (let frame; (frame = this.#parser.next()) !== undefined;) {
          if (frame.kind === 'data') this.#takeData(frame);
          else await this.#takeControl(readControl(frame));
        }
        if (this.#blocked.size > 0) await this.#room();
      }
      if (!this.#parser.idle && !this.#isClosing) throw invalidArgument('the connection ended within a frame');
    } catch (error) {
      if (this.#transport.writable) this.#goAway(GOAWAY.PROTOCOL_ERROR);
      if (!this.#isClosing) throw error;
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#inflater.close();
    for (const stream of [...this.#streams.values()]) stream.destroy();
    // After a goodbye the owner of the transport waits until it is sent.
    if (!this.#transport.writableEnded) this.#transport.destroy();
  }

  /** Says goodbye once what was written so far is sent; the client then closes. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#goAway(GOAWAY.OK);
  }

  #goAway(status: number): void {
    this.#transport.end(controlFrame(FRAME.GOAWAY, [this.#lastStreamId, status]));
  }

  async #room(): Promise<void> {
    // The end of a client is not seen where nothing is read: writing finds it out.
    const probe = setInterval(() => this.#outbox.control(FRAME.PING, [OUR_PING]), PROBE_MS);
    while (this.#blocked.size > 0 && !this.#transport.destroyed) {
      await new Promise<void>((resolve) => {
        this.#unblocked = resolve;
      });
    }
    clearInterval(probe);
  }

  #takeData({ streamId, bytes, fin }: DataPiece): void {
    this.#received += bytes.length;
    if (this.#received >= CONNECTION_UPDATE_BYTES) {
      this.#outbox.control(FRAME.WINDOW_UPDATE, [0, this.#received]);
      this.#received = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // One that was open once may have frames on the way.
      if (streamId > this.#lastStreamId || streamId === 0) this.#reset(streamId, RESET.INVALID_STREAM);
      return;
    }
    if (!stream.receive(bytes)) this.#blocked.add(streamId);
    if (fin) stream.receiveEnd();
  }

  async #takeControl(control: Control): Promise<void> {
    switch (control.op) {
      case 'open':
        return this.#open(control);
      case 'headers':
        await this.#inflater.inflate(control.block);
        if (control.fin) this.#streams.get(control.streamId)?.receiveEnd();
        return;
      case 'reset':
        this.#outbox.discard(control.streamId);
        this.#streams.get(control.streamId)?.destroy();
        return;
      case 'initial-window':
        this.#outbox.setInitialWindow(control.bytes);
        return;
      case 'window':
        this.#outbox.grant(control.streamId, control.bytes);
        return;
      case 'ping':
        if (control.id % 2 === 1) this.#outbox.control(FRAME.PING, [control.id]);
        return;
      case 'go-away':
      case 'nothing':
        return;
    }
  }

  async #open({ streamId, fin, block }: Control & { op: 'open' }): Promise<void> {
    const headers = parseHeaderBlock(await this.#inflater.inflate(block));
    if (streamId % 2 === 0 || streamId <= this.#lastStreamId) throw invalidArgument(`stream ${streamId} out of order`);
    this.#lastStreamId = streamId;
    if (this.#streams.size >= MAX_STREAMS || this.#isClosing) {
      this.#reset(streamId, RESET.REFUSED_STREAM);
      return;
    }
    const stream = new SpdyStream(this.#carrier, streamId, headers);
    this.#streams.set(streamId, stream);
    this.#outbox.open(streamId);
    if (fin) stream.receiveEnd();
    this.#onStream(stream);
  }

  #reset(streamId: number, status: number): void {
    this.#outbox.control(FRAME.RST_STREAM, [streamId, status]);
  }

  readonly #carrier = {
    send: (streamId: number, bytes: Buffer, done: (error?: Error | null) => void) =>
      this.#outbox.data(streamId, bytes, done),
    sendEnd: (streamId: number) => this.#outbox.end(streamId),
    sendReply: (streamId: number) => {
      const block = this.#deflater.deflate(formatHeaderBlock(new Map()));
      this.#outbox.control(FRAME.SYN_REPLY, [streamId], block);
    },
    sendUpdate: (streamId: number, bytes: number) => this.#outbox.control(FRAME.WINDOW_UPDATE, [streamId, bytes]),
    unblock: (streamId: number) => {
      this.#blocked.delete(streamId);
      if (this.#blocked.size === 0) this.#unblocked();
    },
    forget: (streamId: number, isComplete: boolean) => {
      this.#streams.delete(streamId);
      this.#carrier.unblock(streamId);
      this.#outbox.discard(streamId);
      if (!isComplete && !this.#isClosing) this.#reset(streamId, RESET.CANCEL);
    },
  };
}

// Copies one container's output from its FIFOs to its log and to the clients that are attached.
import { constants, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { sleep } from '../../../async/timeout.ts';
import { isErrno } from '../../../errors.ts';
import { formatOutput, logTimestamp, type OutputStream } from './cri-log.ts';
import { LogFile } from './log-file.ts';
import type { OutputRequest } from './messages.ts';

const READ_BYTES = 64 * 1024;
const POLL_MS = 10;

/** Takes a packet for a client: see OutputNews. */
type Listener = (client: number, packet: Uint8Array) => void;

interface Source {
  readonly stream: OutputStream;
  readonly fd: number;
  readonly socket: Socket;
  ended: boolean;
}

export class OutputCopy {
  readonly #log: LogFile | undefined;
  readonly #sources: Source[] = [];
  readonly #clients = new Map<number, { paused: boolean }>();
  readonly #listener: Listener;

  /** Opens FIFOs and log, and begins. */
  constructor({ stdout, stderr, logPath, logMaxBytes }: OutputRequest, listener: Listener) {
    this.#listener = listener;
    this.#log = logPath === undefined ? undefined : new LogFile(logPath, logMaxBytes);
    this.#open('stdout', stdout);
    if (stderr !== undefined) this.#open('stderr', stderr);
  }

  #open(stream: OutputStream, path: string): void {
    // For reading alone: the end of the last writer is then the end of the output.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const socket = new Socket({ fd, readable: true, writable: false });
    const source: Source = { stream, fd, socket, ended: false };
    const end = () => {
      source.ended = true;
    };
    socket.on('data', (chunk: Buffer) => this.#take(stream, chunk));
    socket.on('end', end).on('error', end).on('close', end);
    this.#sources.push(source);
  }

  // Written before anything else happens: what was read is nowhere but here.
  #take(stream: OutputStream, chunk: Buffer): void {
    this.#log?.append(formatOutput(stream, logTimestamp(), chunk));
    if (this.#clients.size === 0) return;
    const packet = Buffer.concat([Buffer.of(stream === 'stdout' ? 2 : 3), chunk]);
    for (const client of this.#clients.keys()) this.#listener(client, packet);
  }

  reopen(logPath: string): void {
    this.#log?.reopen(logPath);
  }

  attach(client: number): void {
    this.#clients.set(client, { paused: false });
  }

  detach(client: number): void {
    this.#clients.delete(client);
    this.#flow();
  }

  /** A client that cannot take more, or can again. Its daemon gives it up before that could stop the container. */
  pause(client: number, paused: boolean): void {
    const known = this.#clients.get(client);
    if (known === undefined) return;
    known.paused = paused;
    this.#flow();
  }

  #flow(): void {
    const paused = [...this.#clients.values()].some((client) => client.paused);
    for (const { socket } of this.#sources) {
      if (paused) socket.pause();
      else socket.resume();
    }
  }

  get clients(): readonly number[] {
    return [...this.#clients.keys()];
  }

  /**
   * Waits until everything an ended container wrote is in the log, at most `ms` milliseconds: others that it started
   * may still hold its streams.
   */
  async drain(ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (this.#sources.some((source) => !source.ended) && Date.now() < end) {
      // A FIFO that lost its writers before it was opened reports no end by itself.
      for (const source of this.#sources) if (!source.ended && !source.socket.isPaused()) this.#readNow(source);
      if (this.#sources.every((source) => source.ended)) return;
      await sleep(POLL_MS);
    }
  }

  #readNow(source: Source): void {
    const buffer = Buffer.alloc(READ_BYTES);
    try {
      for (let count = 1; count > 0;) {
        count = readSync(source.fd, buffer);
        if (count > 0) this.#take(source.stream, Buffer.from(buffer.subarray(0, count)));
      }
      source.ended = true;
      source.socket.destroy();
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) source.ended = true;
    }
  }

  close(): void {
    for (const { socket } of this.#sources) socket.destroy();
    this.#log?.close();
  }
}

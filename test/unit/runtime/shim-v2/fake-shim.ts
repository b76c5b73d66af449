// A shim that does what a test wants: for faults and orders of answers that real shims do not produce on demand.
import { createServer, type Server, type Socket } from 'node:net';
import { Protocol } from '../../../../src/runtime/shim-v2/protocol.ts';
import { encodeFrame, FRAME, FrameReader } from '../../../../src/runtime/shim-v2/ttrpc/frame.ts';

export interface FakeCall {
  readonly service: string;
  readonly method: string;
  readonly payload: Buffer;
  /** Nanoseconds, as a decimal string. */
  readonly timeoutNano: string;
  answer(response: object): void;
  /** Ends the connection without an answer. */
  hangUp(): void;
  /** Sends these very bytes. */
  send(bytes: Buffer): void;
}

export class FakeShim {
  readonly protocol = new Protocol();
  readonly calls: FakeCall[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  /** @param onCall is given each call as it arrives */
  constructor(onCall: (call: FakeCall) => void = () => undefined) {
    this.#server = createServer((socket) => {
      const reader = new FrameReader();
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        for (const { stream, message } of reader.push(chunk)) {
          const request = this.protocol.decode<Omit<FakeCall, 'answer' | 'hangUp' | 'send'>>('ttrpc.Request', message);
          const call = {
            ...request,
            answer: (response: object) =>
              void socket.write(encodeFrame(stream, FRAME.RESPONSE, this.protocol.encode('ttrpc.Response', response))),
            hangUp: () => void socket.destroy(),
            send: (bytes: Buffer) => void socket.write(bytes),
          };
          this.calls.push(call);
          onCall(call);
        }
      });
    });
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(path, resolve);
    });
  }

  close(): void {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
  }
}

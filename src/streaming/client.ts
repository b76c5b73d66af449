// What is known of a client that has connected with a valid token.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StreamRequest, StreamRuntime } from './session.ts';

export interface Client<Request extends StreamRequest = StreamRequest> {
  readonly runtime: StreamRuntime;
  readonly request: Request;
  /** The HTTP request that asks for another protocol. */
  readonly upgrade: IncomingMessage;
  readonly socket: Duplex;
  /** What came after that request already. */
  readonly head: Buffer;
  /** Milliseconds the client may take to open its streams. */
  readonly creationMs: number;
  /** Aborts when the socket has closed. */
  readonly signal: AbortSignal;
}

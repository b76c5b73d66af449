// The words of streaming: what a client asked for, and what has to be there for it. Implemented by those who run containers.
import type { Duplex, Readable, Writable } from 'node:stream';

/** A terminal's size in character cells. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A client's side of a process: the streams it asked for. */
export interface ClientStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** Tells each size of the client's terminal from now on, and at once the one it has, if known. */
  readonly onResize: (listener: (size: TerminalSize) => void) => void;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** Which streams a client of a process will open. */
export interface WantedStreams {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface ExecRequest extends WantedStreams {
  readonly kind: 'exec';
  readonly containerId: string;
  readonly command: readonly string[];
}

export interface AttachRequest extends WantedStreams {
  readonly kind: 'attach';
  readonly containerId: string;
}

export interface PortForwardRequest {
  readonly kind: 'portforward';
  readonly sandboxId: string;
  /** The ports of clients that cannot name them themselves. */
  readonly ports: readonly number[];
}

export type ProcessRequest = ExecRequest | AttachRequest;
export type StreamRequest = ProcessRequest | PortForwardRequest;

/** Does what clients ask for. */
export interface StreamRuntime {
  /** Runs a command and returns its exit code; the sinks are ended by then. @throws when it did not start */
  exec(request: ExecRequest, streams: ClientStreams): Promise<number>;
  /** Joins a container's first process until it or the client ends. */
  attach(request: AttachRequest, streams: ClientStreams): Promise<void>;
  /** A connection to a port of a pod's loopback; the caller destroys it. */
  connect(sandboxId: string, port: number): Promise<Duplex>;
}

// What the main thread and the thread that copies output say to each other.

/** The output of one container. */
export interface OutputRequest {
  readonly id: string;
  /** Paths of FIFOs; no stderr where a terminal merges both. */
  readonly stdout: string;
  readonly stderr: string | undefined;
  /** Absolute path of the log; undefined: what comes is dropped unless somebody is attached. */
  readonly logPath: string | undefined;
  /** Bytes after which the log starts anew. */
  readonly logMaxBytes: number | undefined;
}

export type OutputCommand =
  | { readonly op: 'open'; readonly request: OutputRequest }
  | { readonly op: 'reopen'; readonly id: string; readonly logPath: string }
  /** Answered when both streams have ended, or `ms` milliseconds have passed. */
  | { readonly op: 'drain'; readonly id: string; readonly ms: number }
  | { readonly op: 'close'; readonly id: string }
  | { readonly op: 'attach'; readonly id: string; readonly client: number }
  | { readonly op: 'detach'; readonly id: string; readonly client: number }
  | { readonly op: 'pause'; readonly id: string; readonly client: number; readonly paused: boolean };

export interface OutputCall {
  readonly call: number;
  readonly command: OutputCommand;
}

export type OutputNews =
  | { readonly kind: 'answer'; readonly call: number; readonly value: unknown; readonly error: string | undefined }
  /** First byte: 2 stdout, 3 stderr; then the output. */
  | { readonly kind: 'output'; readonly client: number; readonly packet: Uint8Array }
  | { readonly kind: 'end'; readonly client: number };

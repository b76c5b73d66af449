// How a program in a container is joined with its client: what both kinds of wiring have in common.

/** The descriptors of one exec, on our side and on the program's. */
export interface ExecWires {
  /** The program's descriptors 0 to 2; null: /dev/null. */
  readonly stdio: readonly (number | null)[];
  /** Further flags of the runtime's `exec`. */
  readonly flags: readonly string[];
  /** Closes the program's side, which it has by now, or never will have. May be repeated. */
  release(): void;
  /** Joins our side with the client. Called once, when the program runs. */
  connect(): void;
  /** Hands over what the ended program has left, and ends the client's sinks. */
  finish(): Promise<void>;
  /** Closes everything at once. May be repeated. */
  close(): void;
}

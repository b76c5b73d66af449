// Where commands write: results to standard output, complaints to standard error.

export interface Output {
  /** Writes text as it is; lines bring their own newline. */
  out(text: string): void;
  err(text: string): void;
  /** The size of the terminal behind standard output; undefined when there is none. */
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
}

/** The process's own streams. */
export function processOutput(): Output {
  const { stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    get terminal() {
      return stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : undefined;
    },
  };
}

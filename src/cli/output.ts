// Where commands write: results to standard output, complaints to standard error.
import { isErrno } from '../errors.ts';

export interface Output {
  /** Writes text as it is; lines bring their own newline. */
  out(text: string): void;
  err(text: string): void;
  /** The size of the terminal behind standard output; undefined when there is none. */
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
}

/** The process's own streams. A reader that leaves early (`crisol image list | head -1`) ends the program quietly. */
export function processOutput(): Output {
  const { stdout, stderr } = process;
  stdout.on('error', (error) => {
    if (isErrno(error, 'EPIPE')) process.exit(0);
    throw error;
  });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    get terminal() {
      return stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : undefined;
    },
  };
}

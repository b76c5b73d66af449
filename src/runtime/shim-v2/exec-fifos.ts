// The FIFOs of one exec, in a directory of their own below the bundle.
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFifo } from '../../host/kernel.ts';
import { InputFifo } from './input-fifo.ts';

export interface ExecStreams {
  readonly terminal: boolean;
  readonly stdin: boolean;
}

export class ExecFifos {
  readonly #directory: string;
  /** What the shim calls the exec: unique in its task. */
  readonly execId: string;
  /** As the shim is told them; '' where there is none. */
  readonly paths: { readonly stdin: string; readonly stdout: string; readonly stderr: string };
  readonly stdin: InputFifo | undefined;
  readonly stdout: number;
  readonly stderr: number | undefined;

  /** Makes the FIFOs and opens our sides: the shim waits for them. The caller owns the descriptors. */
  constructor(bundle: string, { terminal, stdin }: ExecStreams) {
    this.#directory = mkdtempSync(join(bundle, 'exec-'));
    this.execId = basename(this.#directory);
    const make = (name: string) => {
      const path = join(this.#directory, name);
      makeFifo(path, 0o600);
      return path;
    };
    // Shims want both outputs, unless there is a terminal.
    this.paths = { stdin: stdin ? make('stdin') : '', stdout: make('stdout'), stderr: terminal ? '' : make('stderr') };
    const read = constants.O_RDONLY | constants.O_NONBLOCK;
    this.stdout = openSync(this.paths.stdout, read);
    this.stderr = terminal ? undefined : openSync(this.paths.stderr, read);
    this.stdin = stdin ? new InputFifo(this.paths.stdin) : undefined;
  }

  /** Removes the names; what is open stays. May be repeated. */
  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

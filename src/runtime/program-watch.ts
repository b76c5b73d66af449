// Notices that a handler's programs have gone, came back or were replaced, at the price of a stat each.
import { statSync } from 'node:fs';
import { reasonAndCure } from '../errors.ts';
import { findProgram, isExecutable } from '../host/find-program.ts';
import type { HandlerFault, HandlerVerdict } from './handler.ts';
import { locateProgram } from './locate-program.ts';

interface Seen {
  readonly paths: readonly string[];
  readonly identity: string;
}

/** Remembers the programs of every handler as they were when its verdict was made. */
export class ProgramWatch {
  readonly #searchPath: string;
  readonly #seen = new Map<string, Seen>();

  /** @param searchPath directories joined by `:`, for programs that are known by name only */
  constructor(searchPath: string) {
    this.#searchPath = searchPath;
  }

  /** From now on these handlers' programs are as they are at this moment. */
  remember(handlers: readonly { readonly name: string; readonly verdict: HandlerVerdict }[]): void {
    for (const { name, verdict } of handlers) {
      const paths = [verdict.path, verdict.monitor];
      this.#seen.set(name, { paths, identity: this.#identify(paths) });
    }
  }

  /** Why the handler cannot run any more, or undefined when its programs are there. */
  missing(name: string): HandlerFault | undefined {
    const gone = this.#seen.get(name)?.paths.find((path) => path !== '' && !isExecutable(path));
    if (gone === undefined) return undefined;
    try {
      locateProgram(gone, this.#searchPath);
      return undefined;
    } catch (error) {
      return reasonAndCure(error);
    }
  }

  /** Whether one of the programs is another file than it was. */
  haveChanged(name: string): boolean {
    const seen = this.#seen.get(name);
    return seen !== undefined && this.#identify(seen.paths) !== seen.identity;
  }

  #identify(paths: readonly string[]): string {
    const parts = paths.map((nameOrPath) => {
      const path = nameOrPath.startsWith('/') ? nameOrPath : findProgram(nameOrPath, this.#searchPath);
      const stats = path === undefined ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
      return stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.mode}`;
    });
    return parts.join(' ');
  }
}

// What a command of the command line is.
import type { ParseArgsConfig } from 'node:util';
import type { Config } from '../config/schema.ts';
import { DaemonError } from '../errors.ts';
import type { ListedHandler } from './listed-handler.ts';
import type { Output } from './output.ts';

/** A command line that cannot be understood: exit code 2, with the command's usage. */
export class UsageError extends DaemonError {
  constructor(message: string) {
    super('invalid-argument', message);
    this.name = 'UsageError';
  }
}

/** What commands need from outside. */
export interface Surroundings {
  readonly output: Output;
  /** Runs the daemon until it is told to stop; resolves to the exit code. `reload` reads the configuration anew. */
  readonly runDaemon: (config: Config, reload: () => Config) => Promise<number>;
  /** Proves the handlers of a configuration without a daemon. */
  readonly checkHandlers: (config: Config) => Promise<readonly ListedHandler[]>;
  /** All of standard input, as text. */
  readonly readStdin: () => Promise<string>;
}

/** One parsed call of a command. */
export interface Call extends Surroundings {
  readonly args: readonly string[];
  /** The value of a string option, if given. */
  readonly option: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
}

export interface Command {
  /** As typed: one or two words. */
  readonly name: string;
  /** Options and arguments, as shown in the usage. */
  readonly usage: string;
  /** One line for the overview. */
  readonly summary: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** How many arguments it takes, least and most. */
  readonly arity: readonly [number, number];
  /** Does the work; resolves to the exit code. Thrown errors become `crisol: message` and 1. */
  readonly run: (call: Call) => Promise<number>;
}

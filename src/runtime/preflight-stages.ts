// Runs the calls of one preflight under one common time limit; an error says which stage it was in.
import { DaemonError, errorMessage, isErrno } from '../errors.ts';
import { killTree } from '../host/kill.ts';
import { runCommand, type CommandResult } from '../host/run-command.ts';
import { cureOf, firstError, runtimeFailure } from './first-error.ts';

const CLEAN_UP_MS = 5000;

const HANGING = 'run the command by hand to see what it waits for, or raise preflight_timeout if it is merely slow';

export class Stages {
  readonly #env: Readonly<Record<string, string>>;
  readonly #limitMs: number;
  readonly #end: number;

  /** The clock starts now. */
  constructor(env: Readonly<Record<string, string>>, limitMs: number) {
    this.#env = env;
    this.#limitMs = limitMs;
    this.#end = Date.now() + limitMs;
  }

  /** @throws deadline-exceeded when the common limit is used up; unknown when the program cannot be started */
  async run(stage: string, file: string, args: readonly string[]): Promise<CommandResult> {
    const result = await this.#run(file, args, Math.max(1, this.#end - Date.now()));
    if (result.stopped === undefined) return result;
    const command = [file, ...args].join(' ');
    const reason = `stage "${stage}" was not over when the preflight's ${this.#limitMs} ms had passed`;
    throw new DaemonError('deadline-exceeded', reason, undefined, cureOf(`hangs: ${command}`) ?? HANGING);
  }

  /** As `run`. @throws unknown with the program's first error line when it does not exit with 0 */
  async expectSuccess(stage: string, file: string, args: readonly string[]): Promise<CommandResult> {
    const result = await this.run(stage, file, args);
    this.checkSuccess(stage, result);
    return result;
  }

  /** @throws unknown with the program's first error line when it did not exit with 0 */
  checkSuccess(stage: string, result: CommandResult): void {
    if (result.exitCode === 0) return;
    const said = firstError(result.stderr.toString());
    const ending =
      result.exitCode === undefined ? `was killed by signal ${result.signal}` : `exited with ${result.exitCode}`;
    const reason = said ?? `it ${ending} and said nothing`;
    throw runtimeFailure(`stage "${stage}"`, result.exitCode === undefined ? `it ${ending}${quote(said)}` : reason);
  }

  /** Runs with a limit of its own and takes every outcome. */
  async cleanUp(file: string, args: readonly string[]): Promise<void> {
    await this.#run(file, args, CLEAN_UP_MS).catch(() => undefined);
  }

  async #run(file: string, args: readonly string[], timeoutMs: number): Promise<CommandResult> {
    try {
      return await runCommand({ file, args, env: this.#env, timeoutMs, kill: killTree });
    } catch (error) {
      if (isErrno(error, 'ENOEXEC'))
        throw new DaemonError('unknown', `program "${file}" is built for another CPU architecture, or is no program`);
      throw new DaemonError('unknown', errorMessage(error), error);
    }
  }
}

function quote(said: string | undefined): string {
  return said === undefined ? '' : ` after "${said}"`;
}

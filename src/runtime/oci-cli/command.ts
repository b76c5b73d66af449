// A typed client of the OCI runtime's command line: one method per verb, errors in the runtime's own words.
import type { Resources } from '../../oci/types.ts';
import { DaemonError, deadlineExceeded, withContext } from '../../errors.ts';
import { killTree } from '../../host/kill.ts';
import { runCommand, type CommandResult } from '../../host/run-command.ts';
import { firstError, withHint } from '../first-error.ts';
import { RuntimeState } from './command-schema.ts';
import { globalArgs, type OciRuntime } from './options.ts';

export type RuntimeStatus = 'created' | 'running' | 'paused' | 'stopped' | 'absent';

// What runc, crun and runsc say of a container or process that is no more.
const UNKNOWN_CONTAINER = /does not exist|no such container|not found|no such file or directory/i;
const ENDED_PROCESS = /not running|no such process|already finished|invalid process|cannot signal|stopped/i;

/** Runs one OCI runtime binary. Every call has a time limit that names its verb. */
export class OciCommand {
  readonly #runtime: OciRuntime;

  constructor(runtime: OciRuntime) {
    this.#runtime = runtime;
  }

  async start(id: string): Promise<void> {
    await this.#checked('start', id, ['start', id], this.#runtime.timeouts.startMs);
  }

  /** A container or process that is gone is fine. */
  async kill(id: string, signal: number, all: boolean): Promise<void> {
    const args = ['kill', ...(all ? ['--all'] : []), id, String(signal)];
    const result = await this.#run('kill', id, args, this.#runtime.timeouts.controlMs);
    if (result.exitCode === 0) return;
    const error = failure(this.#runtime.handler, 'kill', id, result);
    if (!ENDED_PROCESS.test(error.message) && !UNKNOWN_CONTAINER.test(error.message)) throw error;
  }

  /** Kills what still runs; a container that is not known is fine. */
  async delete(id: string): Promise<void> {
    const result = await this.#run('delete', id, ['delete', '--force', id], this.#runtime.timeouts.deleteMs);
    if (result.exitCode === 0) return;
    const error = failure(this.#runtime.handler, 'delete', id, result);
    if (!UNKNOWN_CONTAINER.test(error.message)) throw error;
  }

  async state(id: string): Promise<RuntimeStatus> {
    const result = await this.#run('state', id, ['state', id], this.#runtime.timeouts.controlMs);
    if (result.exitCode === 0) return RuntimeState.parse(JSON.parse(result.stdout.toString())).status;
    const error = failure(this.#runtime.handler, 'state', id, result);
    if (UNKNOWN_CONTAINER.test(error.message)) return 'absent';
    throw error;
  }

  async update(id: string, resources: Resources): Promise<void> {
    const args = ['update', '--resources', '-', id];
    await this.#checked('update', id, args, this.#runtime.timeouts.controlMs, JSON.stringify(resources));
  }

  async #checked(verb: string, id: string, args: readonly string[], timeoutMs: number, stdin?: string): Promise<void> {
    const result = await this.#run(verb, id, args, timeoutMs, stdin);
    if (result.exitCode !== 0) throw failure(this.#runtime.handler, verb, id, result);
  }

  async #run(
    verb: string,
    id: string,
    args: readonly string[],
    timeoutMs: number,
    stdin?: string,
  ): Promise<CommandResult> {
    const { handler, path, env } = this.#runtime;
    const what = `runtime "${handler}" ${verb} of container "${id}"`;
    const result = await runCommand({
      file: path,
      // Standard error serves as the log: there is nothing to clean up, and it works when the bundle is gone.
      args: [...globalArgs(this.#runtime), '--log', '/dev/stderr', '--log-format', 'json', ...args],
      env,
      timeoutMs,
      kill: killTree,
      ...(stdin === undefined ? {} : { stdin }),
    }).catch((error: unknown) => {
      throw withContext(what, error);
    });
    if (result.stopped === undefined) return result;
    throw deadlineExceeded(`${what} took longer than ${timeoutMs} ms`);
  }
}

function ending(result: { readonly exitCode: number | undefined; readonly signal: number | undefined }): string {
  return result.exitCode === undefined ? `was killed by signal ${result.signal}` : `exited with ${result.exitCode}`;
}

function failure(handler: string, verb: string, id: string, result: CommandResult): DaemonError {
  const reason = firstError(result.stderr.toString()) ?? `it ${ending(result)} and said nothing`;
  return new DaemonError('unknown', `runtime "${handler}" ${verb} of container "${id}": ${withHint(reason)}`);
}

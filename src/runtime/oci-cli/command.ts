// A typed client of the OCI runtime's command line: one method per verb, errors in the runtime's own words.
import type { Resources } from '../../oci/types.ts';
import { type DaemonError, deadlineExceeded, withContext } from '../../errors.ts';
import { killTree } from '../../host/kill.ts';
import { runCommand, type CommandResult } from '../../host/run-command.ts';
import { firstError, runtimeFailure } from '../first-error.ts';
import type { ContainerUsage } from '../driver.ts';
import { RuntimeEvent, RuntimeState } from './command-schema.ts';
import { parseProcessTable } from './inner-processes.ts';
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
    await this.#signal(id, [...(all ? ['--all'] : []), id, String(signal)]);
  }

  async #signal(id: string, flags: readonly string[]): Promise<void> {
    const args = ['kill', ...flags];
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

  /** The parent of each process of a container, by pid; as the sandbox counts them. */
  async processes(id: string): Promise<Map<number, number>> {
    const { stdout } = await this.#checked('ps', id, ['ps', id], this.#runtime.timeouts.controlMs);
    return parseProcessTable(stdout.toString());
  }

  /** Signals one process inside a sandbox; one that is gone is fine. @param pid as the sandbox counts */
  async killInner(id: string, pid: number, signal: number): Promise<void> {
    await this.#signal(id, ['--pid', String(pid), id, String(signal)]);
  }

  /** One reading of what a running container uses. */
  async usage(id: string): Promise<ContainerUsage> {
    const { stdout } = await this.#checked('events', id, ['events', '--stats', id], this.#runtime.timeouts.controlMs);
    const { cpu, memory, pids } = RuntimeEvent.parse(JSON.parse(stdout.toString())).data;
    const bytes = memory.usage?.usage ?? 0;
    return {
      timestampNanos: BigInt(Date.now()) * 1_000_000n,
      // A double holds nanoseconds of CPU time to the microsecond for 100 years of one core. Zeros are left out.
      cpuUsageNanos: BigInt(Math.round(cpu.usage.total ?? 0)),
      memoryUsageBytes: bytes,
      // No page of it is a cache of the host's that could be dropped.
      workingSetBytes: bytes,
      rssBytes: undefined,
      memoryLimitBytes: undefined,
      pageFaults: undefined,
      majorPageFaults: undefined,
      processCount: pids.current ?? 0,
    };
  }

  /** Has the runtime connect a port of the sandbox's loopback with a Unix socket that listens at `path`. */
  async portForward(id: string, port: number, path: string): Promise<void> {
    const args = ['port-forward', '--stream', path, id, String(port)];
    await this.#checked('port-forward', id, args, this.#runtime.timeouts.controlMs);
  }

  async #checked(
    verb: string,
    id: string,
    args: readonly string[],
    timeoutMs: number,
    stdin?: string,
  ): Promise<CommandResult> {
    const result = await this.#run(verb, id, args, timeoutMs, stdin);
    if (result.exitCode !== 0) throw failure(this.#runtime.handler, verb, id, result);
    return result;
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
  const said = result.stderr.toString();
  // A list of the verbs it has is an answer to one that it has not.
  const reason = /^Subcommands|^COMMANDS/m.test(said)
    ? `this release has no "${verb}"`
    : (firstError(said) ?? `it ${ending(result)} and said nothing`);
  return runtimeFailure(`runtime "${handler}" ${verb} of container "${id}"`, reason);
}

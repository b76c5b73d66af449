// Runs one plugin for one verb: environment and configuration in, standard output or a named error out.
import { DaemonError, deadlineExceeded, isErrno, unavailable } from '../errors.ts';
import { DEFAULT_PATH, runCommand, type CommandResult } from '../host/run-command.ts';
import type { Logger } from '../observe/logger.ts';
import type { NetworkConf, PluginConf } from './conf-schema.ts';
import type { PluginBinaries } from './plugin-binaries.ts';
import { parsePluginError } from './result-schema.ts';

export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

export interface PluginCall {
  readonly verb: Verb;
  readonly network: Pick<NetworkConf, 'name' | 'cniVersion'>;
  readonly plugin: PluginConf;
  /** CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME and CNI_ARGS, where the verb has them. */
  readonly variables: Readonly<Record<string, string>>;
  /** Keys that the runtime adds to the plugin's configuration: `prevResult`, `runtimeConfig`, ... */
  readonly additions: Readonly<Record<string, unknown>>;
}

export interface PluginRunnerOptions {
  readonly binaries: PluginBinaries;
  /** Milliseconds for one run of one plugin, its children included; then all are killed. */
  readonly timeoutMs: number;
  readonly log: Logger;
}

// "Try again later", and the two with which STATUS says that ADD would fail now. @see CNI spec 1.1, section 5
const TRANSIENT_CODES: readonly number[] = [11, 50, 51];
const QUOTED_CHARACTERS = 200;

/** The start of some output, made fit for one line of an error. */
export function quoteOutput(output: string): string {
  return JSON.stringify(output.trim().slice(0, QUOTED_CHARACTERS));
}

export class PluginRunner {
  readonly binaries: PluginBinaries;
  readonly #timeoutMs: number;
  readonly #log: Logger;

  constructor({ binaries, timeoutMs, log }: PluginRunnerOptions) {
    this.binaries = binaries;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
  }

  /**
   * Runs the plugin and returns what it printed.
   * @throws failed-precondition when it is missing, deadline-exceeded when it was killed, unavailable when it asks to
   * try again later, unknown otherwise; the message names network, plugin and verb
   */
  async run(call: PluginCall): Promise<string> {
    const started = performance.now();
    const result = await this.#start(call);
    const ms = Math.round(performance.now() - started);
    const stderr = result.stderr.toString().trim();
    this.#log.debug(
      { network: call.network.name, plugin: call.plugin.type, verb: call.verb, ms, stderr },
      'plugin ran',
    );
    if (result.exitCode === 0) return result.stdout.toString();
    throw this.#failure(call, result);
  }

  async #start(call: PluginCall): Promise<CommandResult> {
    const { type } = call.plugin;
    const file = await this.binaries.find(type);
    try {
      return await this.#runFile(file, call);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      this.binaries.forget(type);
      return await this.#runFile(await this.binaries.find(type), call);
    }
  }

  #runFile(file: string, { verb, network, plugin, variables, additions }: PluginCall): Promise<CommandResult> {
    const conf: Record<string, unknown> = { ...plugin, name: network.name, cniVersion: network.cniVersion };
    delete conf['capabilities'];
    return runCommand({
      file,
      args: [],
      env: {
        ...ownEnvironment(),
        ...variables,
        CNI_COMMAND: verb,
        CNI_PATH: this.binaries.directories.join(':'),
      },
      stdin: JSON.stringify({ ...conf, ...additions }),
      timeoutMs: this.#timeoutMs,
      // A plugin may wait for its own child (address management, iptables): both must go.
      newSession: true,
      kill: (pid) => process.kill(-pid, 'SIGKILL'),
    });
  }

  #failure({ verb, network, plugin }: PluginCall, { stdout, stderr, exitCode, signal, stopped }: CommandResult): Error {
    const who = `network "${network.name}": plugin "${plugin.type}"`;
    if (stopped !== undefined)
      return deadlineExceeded(`${who} was killed: ${verb} took longer than ${this.#timeoutMs} ms`);
    const said = parsePluginError(stdout.toString());
    if (said === undefined) {
      const end = exitCode === undefined ? `signal ${signal ?? 'unknown'}` : `exit code ${exitCode}`;
      const output = stderr.length > 0 ? stderr : stdout;
      return new DaemonError('unknown', `${who} failed to ${verb}: ${end}, output ${quoteOutput(output.toString())}`);
    }
    const details = (said.details ?? '') === '' ? '' : `: ${said.details}`;
    const message = `${who} failed to ${verb}: ${said.msg}${details} (code ${said.code})`;
    return TRANSIENT_CODES.includes(said.code) ? unavailable(message) : new DaemonError('unknown', message);
  }
}

// Third-party plugins read more than CNI's own variables: proxies, HOME, the address of the API server.
function ownEnvironment(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CNI_'));
  return { PATH: DEFAULT_PATH, ...(Object.fromEntries(inherited) as Record<string, string>) };
}

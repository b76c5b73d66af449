// The shim's own command line: `start`, which leaves a shim behind, and `delete`, which cleans up after a dead one.
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../async/timeout.ts';
import { isAtLeast } from '../../host/kernel-release.ts';
import { killTree } from '../../host/kill.ts';
import { commandLine, listPids } from '../../host/procfs.ts';
import { runCommand, type CommandResult } from '../../host/run-command.ts';
import { DaemonError, deadlineExceeded, withContext } from '../../errors.ts';
import { cureOf, firstError } from '../first-error.ts';
import type { DeleteResponse } from '../../gen/containerd/task/v2/DeleteResponse.ts';
import type { ContainerRef } from '../driver.ts';
import { parseBootstrap, type Bootstrap } from './bootstrap-result.ts';
import type { Shim } from './options.ts';
import type { AnyMessage, Protocol } from './protocol.ts';
import { LOG_LAG_MS } from './shim-log.ts';

/** Shims keep the tasks of each namespace apart; containerd's CRI uses this one, and some shims expect it. */
const NAMESPACE = 'k8s.io';
/** From this release of containerd's library on a shim takes its parameters as one message. */
const BOOTSTRAP_VERSION = '2.3';
const WRONG_FORM = /deprecated API|bootstrap param|type with url|unmarshal/i;
/** Shims may call a program to publish events; ours are told where to call instead. */
const PUBLISH_BINARY = '/bin/true';
const SOCKET_DIRECTORY = '/run/containerd/s';
const POLL_MS = 5;
const KILLED_MS = 5000;

export class ShimCommand {
  readonly #protocol: Protocol;
  readonly #shim: Shim;
  /** Where shims call us with events; also what tells our shims from those of other daemons. */
  readonly #eventsPath: string;
  readonly #options: AnyMessage | undefined;
  #takesMessage: boolean;

  constructor(protocol: Protocol, shim: Shim, eventsPath: string, options: AnyMessage | undefined) {
    this.#protocol = protocol;
    this.#shim = shim;
    this.#eventsPath = eventsPath;
    this.#options = options;
    this.#takesMessage = isAtLeast(shim.version, BOOTSTRAP_VERSION);
  }

  /**
   * Starts a shim for a task, or finds the one that serves its sandbox. The bundle has config.json and a FIFO `log`
   * that is being read.
   * @throws DaemonError with the shim's own words; nothing of it is left then
   */
  async start(task: ContainerRef, shimLog: () => string): Promise<Bootstrap> {
    const what = `shim "${this.#shim.handler}" start for "${task.id}"`;
    try {
      let result = await this.#start(task);
      if (result.exitCode !== 0 && WRONG_FORM.test(result.stderr.toString())) {
        // What the version promised does not hold for this build.
        this.#takesMessage = !this.#takesMessage;
        result = await this.#start(task);
      }
      if (result.exitCode !== 0) await sleep(LOG_LAG_MS);
      if (result.stopped !== undefined)
        throw deadlineExceeded(`it was not over after ${this.#shim.timeouts.createMs} ms${said(shimLog())}`);
      if (result.exitCode !== 0) throw failure(result, shimLog());
      return parseBootstrap(this.#protocol, result.stdout);
    } catch (error) {
      await this.endStrays(task.id, 0);
      throw withContext(what, error);
    }
  }

  #start(task: ContainerRef): Promise<CommandResult> {
    return this.#run(task, 'start', this.#shim.timeouts.createMs, this.#parameters(task.id));
  }

  #parameters(id: string): Buffer {
    if (!this.#takesMessage)
      return this.#options === undefined
        ? Buffer.alloc(0)
        : this.#protocol.encode('google.protobuf.Any', this.#options);
    return this.#protocol.encode('containerd.runtime.bootstrap.v1.BootstrapParams', {
      instanceId: id,
      namespace: NAMESPACE,
      containerdVersion: BOOTSTRAP_VERSION,
      containerdTtrpcAddress: this.#eventsPath,
      containerdGrpcAddress: this.#eventsPath,
      containerdBinary: PUBLISH_BINARY,
      extensions: this.#options === undefined ? [] : [{ value: this.#options }],
    });
  }

  /**
   * Ends and removes a task whose shim is dead.
   * @returns how the task had ended, as far as the shim's code can tell; undefined when it failed
   */
  async delete(task: ContainerRef): Promise<{ readonly exitStatus: number } | undefined> {
    const result = await this.#run(task, 'delete', this.#shim.timeouts.deleteMs, Buffer.alloc(0));
    if (result.exitCode !== 0)
      throw withContext(`shim "${this.#shim.handler}" delete of "${task.id}"`, failure(result, ''));
    try {
      return this.#protocol.decode<DeleteResponse>('containerd.task.v2.DeleteResponse', result.stdout);
    } catch {
      return undefined;
    }
  }

  #run(task: ContainerRef, action: string, timeoutMs: number, stdin: Buffer): Promise<CommandResult> {
    return runCommand({
      file: this.#shim.path,
      args: [
        ...['-namespace', NAMESPACE, '-id', task.id, '-address', this.#eventsPath],
        ...['-publish-binary', PUBLISH_BINARY, '-bundle', task.bundle, action],
      ],
      env: {
        ...this.#shim.env,
        NAMESPACE,
        MAX_SHIM_VERSION: '3',
        TTRPC_ADDRESS: this.#eventsPath,
        GRPC_ADDRESS: this.#eventsPath,
      },
      cwd: task.bundle,
      stdin,
      timeoutMs,
      kill: killTree,
    });
  }

  /** The processes of this daemon's shim that was started for `id`. Scans /proc. */
  find(id: string): number[] {
    return listPids().filter((pid) => {
      const args = commandLine(pid);
      if (!args.includes(id)) return false;
      return args[args.indexOf('-id') + 1] === id && args[args.indexOf('-address') + 1] === this.#eventsPath;
    });
  }

  /**
   * Waits until no process of the shim that was started for `id` is left, and kills what is after `graceMs`
   * milliseconds. Removes the socket that a killed shim leaves. Scans /proc.
   */
  async endStrays(id: string, graceMs: number): Promise<void> {
    const end = Date.now() + graceMs;
    let strays = this.find(id);
    for (; strays.length > 0 && Date.now() < end; strays = this.find(id)) await sleep(POLL_MS);
    strays.forEach(killTree);
    for (const limit = Date.now() + KILLED_MS; this.find(id).length > 0 && Date.now() < limit;) await sleep(POLL_MS);
    // The name by which all shims of containerd's library call it.
    const name = createHash('sha256')
      .update(join(this.#eventsPath, NAMESPACE, id))
      .digest('hex');
    await rm(join(SOCKET_DIRECTORY, name), { force: true });
  }
}

function failure({ exitCode, signal, stderr }: CommandResult, shimLog: string): DaemonError {
  const ending = exitCode === undefined ? `it was killed by signal ${signal}` : `it exited with ${exitCode}`;
  const reason = firstError(stderr.toString()) ?? firstError(shimLog) ?? `${ending} and said nothing`;
  return new DaemonError('unknown', reason, undefined, cureOf(reason));
}

function said(shimLog: string): string {
  const reason = firstError(shimLog);
  return reason === undefined ? '' : `; its log says: ${reason}`;
}

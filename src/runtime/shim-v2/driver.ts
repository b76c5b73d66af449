// RuntimeDriver over containerd shims of version 2.
import { setMaxListeners } from 'node:events';
import { KeyedQueue } from '../../async/keyed-queue.ts';
import { orAbort } from '../../async/abort.ts';
import { SingleFlight } from '../../async/single-flight.ts';
import { sleep } from '../../async/timeout.ts';
import { DaemonError, errorCode, errorMessage, failedPrecondition, unavailable } from '../../errors.ts';
import type { OrphanReaper } from '../../host/orphans.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Process, Resources } from '../../oci/types.ts';
import type {
  ContainerExit,
  ContainerRef,
  ContainerUsage,
  CreatedContainer,
  CreateRequest,
  ExecSyncRequest,
  ExecSyncResult,
  ProcessStreams,
  RuntimeDriver,
  RuntimeFeatures,
} from '../driver.ts';
import { namingTimeout } from '../create-timeout.ts';
import { cureOf, firstError } from '../first-error.ts';
import { attach } from './attach.ts';
import { createTask } from './create.ts';
import { deleteTask, forgetStreams } from './delete.ts';
import type { ShimEvents } from './events.ts';
import type { ExecDeps } from './exec-process.ts';
import { execStream } from './exec-stream.ts';
import { execSync } from './exec-sync.ts';
import type { Shim } from './options.ts';
import { OutputHub } from './output/output-hub.ts';
import type { AnyMessage, Protocol } from './protocol.ts';
import { loadTask, type SavedTask } from './saved-task.ts';
import { settle } from './settle.ts';
import { ShimCommand } from './shim-command.ts';
import { shimFiles } from './shim-files.ts';
import { explain } from './shim-words.ts';
import { Shims, type ShimConnection } from './shims.ts';
import type { TaskMethods } from './task-client.ts';
import { taskOptions } from './task-options.ts';
import { shimTraits, type ShimTraits } from './traits.ts';
import { UnstartedTasks } from './unstarted.ts';
import { readUsage } from './usage.ts';

const SIGKILL = 9;
const TOLD_MS = 500;
const RESOURCES_TYPE = 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources';
const ENDED_PROCESS = /not running|no such process|already finished|invalid process|cannot signal|stopped/i;

export interface ShimDriverOptions {
  readonly shim: Shim;
  readonly features: RuntimeFeatures;
  readonly protocol: Protocol;
  /** Shared by all handlers. */
  readonly events: ShimEvents;
  /** Bytes after which a log starts anew; no limit when not given. */
  readonly logSizeMax?: number;
  readonly orphans: Pick<OrphanReaper, 'adopt'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** Keeps nothing about tasks that it could not find again: any instance with the same options can go on. */
export class ShimDriver implements RuntimeDriver {
  readonly features: RuntimeFeatures;
  readonly #options: ShimDriverOptions;
  readonly #traits: ShimTraits;
  readonly #command: ShimCommand;
  readonly #taskOptions: AnyMessage | undefined;
  readonly #shims: Shims;
  readonly #hub = new OutputHub();
  readonly #queue = new KeyedQueue();
  readonly #exits = new SingleFlight<ContainerExit>();
  readonly #sent = new Map<string, number>();
  readonly #unstarted = new UnstartedTasks();

  constructor(options: ShimDriverOptions) {
    const { shim, protocol, events, orphans } = options;
    this.features = options.features;
    this.#options = options;
    this.#traits = shimTraits(shim.path);
    this.#taskOptions = taskOptions(protocol, shim, this.#traits);
    this.#command = new ShimCommand(protocol, shim, events.path, this.#taskOptions);
    this.#shims = new Shims({ protocol, command: this.#command, orphans, log: options.log });
  }

  async create(request: CreateRequest): Promise<CreatedContainer> {
    const { shim, events, log, logSizeMax } = this.#options;
    await events.listen();
    try {
      return await createTask(
        {
          ...{ shim, traits: this.#traits, shims: this.#shims, hub: this.#hub },
          options: this.#taskOptions,
          logMaxBytes: logSizeMax,
          log,
          perPod: (podId, work) => this.#queue.run(`pod ${podId}`, work),
        },
        request,
      );
    } catch (error) {
      await this.delete(request).catch((undoError: unknown) =>
        log.warn({ containerId: request.id, reason: errorMessage(undoError) }, 'cannot undo a failed create'),
      );
      throw namingTimeout(shim.handler, error);
    }
  }

  async start(container: ContainerRef): Promise<void> {
    const { shim, log } = this.#options;
    const connection = await this.#require(container);
    try {
      await this.#call(container, 'Start', { id: container.id }, shim.timeouts.startMs);
    } catch (error) {
      throw namingTimeout(shim.handler, await explain(error, container.id, connection.log, log));
    }
  }

  async kill(container: ContainerRef, signal: number, scope: 'init' | 'all'): Promise<void> {
    // Without a shim there is nobody to tell; `wait` ends what it left.
    if ((await this.#shims.find(container)) === undefined) return;
    this.#sent.set(container.id, signal);
    try {
      const request = { id: container.id, signal, all: scope === 'all' };
      await this.#call(container, 'Kill', request, this.#options.shim.timeouts.controlMs);
    } catch (error) {
      if (errorCode(error) !== 'not-found' && !ENDED_PROCESS.test(errorMessage(error))) throw error;
    }
    // A shim that tells pids of the host sees the end of every process, started or not.
    if (signal === SIGKILL && !this.#traits.hostPids) void this.#endUnstarted(container);
  }

  async #endUnstarted(container: ContainerRef): Promise<void> {
    const state = await this.state(container).catch(() => 'absent');
    if (state !== 'created' && state !== 'stopped') return;
    // The end of one that was started is told in this time, and by its own code.
    await sleep(TOLD_MS);
    this.#unstarted.killed(container.id);
  }

  async wait(container: ContainerRef, created: CreatedContainer, signal: AbortSignal): Promise<ContainerExit> {
    await this.#adopt(container);
    // One signal may well end the waits of every container.
    setMaxListeners(0, signal);
    return orAbort(
      this.#exits.run(container.id, () => this.#settle(container, created)),
      signal,
    );
  }

  async #settle(container: ContainerRef, created: CreatedContainer): Promise<ContainerExit> {
    const exit = await settle(this.#settleDeps(), container, created);
    // What a dead task still holds is given back; who asks again finds what was written down.
    void this.#queue.run(container.id, () => this.#release(container)).catch(() => undefined);
    return exit;
  }

  async #release(container: ContainerRef): Promise<void> {
    const connection = await this.#shims.find(container);
    const { deleteMs } = this.#options.shim.timeouts;
    await connection?.tasks.call('Delete', { id: container.id }, { timeoutMs: deleteMs }).catch(() => undefined);
    await forgetStreams(this.#hub, container);
  }

  #settleDeps() {
    const { events, log, shim } = this.#options;
    return {
      ...{ shims: this.#shims, command: this.#command, hub: this.#hub, events, sent: this.#sent, log },
      unstarted: this.#unstarted,
      hostPids: this.#traits.hostPids,
      timeouts: shim.timeouts,
    };
  }

  async delete(container: ContainerRef): Promise<void> {
    await this.#queue.run(container.id, () => deleteTask(this.#settleDeps(), container));
    this.#sent.delete(container.id);
    this.#unstarted.forget(container.id);
  }

  async state(container: ContainerRef): Promise<'created' | 'running' | 'paused' | 'stopped' | 'absent'> {
    const saved = await this.#adopt(container);
    if (saved === undefined) return 'absent';
    if (saved.exit !== null) return 'stopped';
    try {
      const { status } = await this.#call(
        container,
        'State',
        { id: container.id },
        this.#options.shim.timeouts.controlMs,
      );
      return STATES[status] ?? 'absent';
    } catch (error) {
      if (errorCode(error) === 'not-found' || errorCode(error) === 'unavailable') return 'absent';
      throw error;
    }
  }

  // After a restart of the daemon the output waits in the FIFOs, and the shims call for their events.
  async #adopt(container: ContainerRef): Promise<SavedTask | undefined> {
    const saved = await loadTask(container.bundle);
    if (saved?.exit !== null) return saved;
    await this.#options.events.listen();
    if (saved.streams === null) return saved;
    const { stdout, stderr } = shimFiles(container.bundle);
    await this.#hub.open({
      id: container.id,
      stdout,
      stderr: saved.streams.terminal ? undefined : stderr,
      logPath: saved.streams.logPath ?? undefined,
      logMaxBytes: this.#options.logSizeMax,
    });
    return saved;
  }

  async execSync(container: ContainerRef, process: Process, request: ExecSyncRequest): Promise<ExecSyncResult> {
    return execSync(await this.#execDeps(container), container, process, request);
  }

  async exec(container: ContainerRef, process: Process, streams: ProcessStreams): Promise<number> {
    return execStream(await this.#execDeps(container), container, process, streams);
  }

  async #execDeps(container: ContainerRef): Promise<ExecDeps> {
    const { tasks } = await this.#require(container);
    const { startMs, controlMs } = this.#options.shim.timeouts;
    return { handler: this.#options.shim.handler, tasks, hostPids: this.#traits.hostPids, startMs, controlMs };
  }

  async attach(container: ContainerRef, streams: ProcessStreams): Promise<void> {
    const { tasks } = await this.#require(container);
    const saved = await loadTask(container.bundle);
    if (saved === undefined) throw failedPrecondition(`container "${container.id}" has ended: nothing to attach to`);
    const { controlMs } = this.#options.shim.timeouts;
    await attach({ hub: this.#hub, tasks, controlMs }, container, saved, streams);
  }

  async update(container: ContainerRef, resources: Resources): Promise<void> {
    const value = Buffer.from(JSON.stringify(resources));
    const request = { id: container.id, resources: { type_url: RESOURCES_TYPE, value } };
    await this.#call(container, 'Update', request, this.#options.shim.timeouts.controlMs);
  }

  async stats(container: ContainerRef): Promise<ContainerUsage | undefined> {
    if (this.features.containerCgroups) return undefined;
    const { controlMs } = this.#options.shim.timeouts;
    const { stats } = await this.#call(container, 'Stats', { id: container.id }, controlMs);
    return readUsage(this.#options.protocol, stats, BigInt(Date.now()) * 1_000_000n);
  }

  connect(sandbox: ContainerRef): Promise<never> {
    return Promise.reject(failedPrecondition(`the shim of pod sandbox "${sandbox.id}" has no way to its ports`));
  }

  async reopenLog(container: ContainerRef, logPath: string): Promise<void> {
    await this.#adopt(container);
    if (await this.#hub.reopen(container.id, logPath)) return;
    throw failedPrecondition(`container "${container.id}" has ended: it writes no log`);
  }

  async #require(container: ContainerRef): Promise<ShimConnection> {
    const connection = await this.#shims.find(container);
    if (connection !== undefined) return connection;
    throw unavailable(`the shim of container "${container.id}" has died`);
  }

  async #call<M extends keyof TaskMethods>(
    container: ContainerRef,
    method: M,
    request: TaskMethods[M][0],
    timeoutMs: number,
  ): Promise<TaskMethods[M][1]> {
    const { tasks } = await this.#require(container);
    try {
      return await tasks.call(method, request, { timeoutMs });
    } catch (error) {
      const what = `runtime "${this.#options.shim.handler}" ${method.toLowerCase()} of container "${container.id}"`;
      const reason = firstError(errorMessage(error)) ?? errorMessage(error);
      throw new DaemonError(errorCode(error), `${what}: ${reason}`, error, cureOf(reason));
    }
  }

  /** Ends connections and threads; tasks run on. */
  async close(): Promise<void> {
    this.#shims.close();
    await this.#hub.stop();
  }
}

const STATES: Readonly<Record<string, 'created' | 'running' | 'paused' | 'stopped'>> = {
  CREATED: 'created',
  RUNNING: 'running',
  PAUSED: 'paused',
  PAUSING: 'paused',
  STOPPED: 'stopped',
};

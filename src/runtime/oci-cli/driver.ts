// RuntimeDriver over an OCI runtime binary with conmon as the monitor.
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { errorMessage, failedPrecondition } from '../../errors.ts';
import type { OrphanReaper } from '../../host/orphans.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Process, Resources, Spec } from '../../oci/types.ts';
import {
  KILLED_EXIT_CODE,
  type ContainerExit,
  type ContainerRef,
  type ContainerUsage,
  type CreatedContainer,
  type CreateRequest,
  type ExecSyncRequest,
  type ExecSyncResult,
  type ProcessStreams,
  type RuntimeDriver,
  type RuntimeFeatures,
} from '../driver.ts';
import { namingTimeout } from '../create-timeout.ts';
import { attach } from './attach.ts';
import { bundleFiles } from './bundle-files.ts';
import { OciCommand, type RuntimeStatus } from './command.ts';
import { createContainer } from './create.ts';
import { debugLogEnd } from './debug-log.ts';
import { deleteContainer } from './delete.ts';
import { Ending } from './ending.ts';
import { execStream } from './exec-stream.ts';
import { execSync } from './exec-sync.ts';
import type { ExitWatcher } from './exit-watcher.ts';
import { reopenLog } from './log-control.ts';
import { forNetworkOf, type OciRuntime } from './options.ts';
import { connectThroughRuntime } from './port-forward.ts';
import { endUnstarted, hasStandIn, startThroughStandIn } from './stand-in.ts';

const SIGKILL = 9;

export interface OciCliOptions {
  readonly runtime: OciRuntime;
  /** Absolute path of conmon. */
  readonly conmonPath: string;
  /** Watches the directory in which conmon records exits; shared by all handlers. Never the socket directory. */
  readonly exits: ExitWatcher;
  /** Holds a symlink per container for attach clients; at most 35 bytes long. */
  readonly socketDir: string;
  /** Bytes after which a log starts anew; no limit when not given. */
  readonly logSizeMax?: number;
  readonly features: RuntimeFeatures;
  readonly orphans: Pick<OrphanReaper, 'adopt'>;
  readonly log: Logger;
}

/** Keeps nothing in memory about containers: any instance with the same options can go on where another stopped. */
export class OciCliDriver implements RuntimeDriver {
  readonly features: RuntimeFeatures;
  readonly #options: OciCliOptions;
  readonly #command: OciCommand;
  readonly #ending: Ending;

  constructor(options: OciCliOptions) {
    this.features = options.features;
    this.#options = options;
    this.#command = new OciCommand(options.runtime);
    this.#ending = new Ending({ ...options, command: this.#command });
    for (const dir of [options.socketDir, options.runtime.root]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  async create(request: CreateRequest): Promise<CreatedContainer> {
    const { runtime, exits, orphans, log, ...paths } = this.#options;
    const began = Date.now();
    try {
      const created = await createContainer({ ...paths, exitDir: exits.dir }, runtime, request);
      // conmon leaves its monitor to us; nobody waits for it, but it must be reaped at once.
      void orphans.adopt(created.monitor.pid);
      return created;
    } catch (error) {
      await this.#tellDebugLog(request.id, began);
      await this.delete(request).catch((undoError: unknown) =>
        log.warn({ container: request.id, reason: errorMessage(undoError) }, 'cannot undo a failed create'),
      );
      throw namingTimeout(runtime.handler, error);
    }
  }

  async start(container: ContainerRef): Promise<void> {
    const { runtime } = this.#options;
    const began = Date.now();
    try {
      if (hasStandIn(container)) await startThroughStandIn(container, runtime.handler, runtime.timeouts.startMs);
      else await new OciCommand(await this.#forStart(container)).start(container.id);
    } catch (error) {
      await this.#tellDebugLog(container.id, began);
      throw namingTimeout(runtime.handler, error);
    }
  }

  /** The error has the runtime's first error; what its processes say beside it would not fit there. */
  async #tellDebugLog(containerId: string, since: number): Promise<void> {
    const { runtime, log } = this.#options;
    const debugLog = await debugLogEnd(runtime.args, containerId, since);
    if (Object.keys(debugLog).length === 0) return;
    log.warn({ containerId, debugLog }, "the end of the runtime's debug log, beside a failure");
  }

  // A sandbox gets its network when it is started.
  async #forStart({ bundle }: ContainerRef): Promise<OciRuntime> {
    const { runtime } = this.#options;
    if (runtime.hostNetworkArgs.length === 0) return runtime;
    const spec = JSON.parse(await readFile(bundleFiles(bundle).config, 'utf8')) as Spec;
    return forNetworkOf(runtime, spec);
  }

  async kill(container: ContainerRef, signal: number, scope: 'init' | 'all'): Promise<void> {
    await this.#ending.kill(container, signal, scope);
    if (signal === SIGKILL && hasStandIn(container)) endUnstarted(container);
  }

  wait(container: ContainerRef, created: CreatedContainer, signal: AbortSignal): Promise<ContainerExit> {
    return this.#wait(container, created, signal);
  }

  async #wait(container: ContainerRef, created: CreatedContainer, signal: AbortSignal): Promise<ContainerExit> {
    const exit = await this.#options.exits.wait(container, created, signal);
    if (exit.exitCode !== KILLED_EXIT_CODE || !hasStandIn(container)) return exit;
    // Killed, or only its stand-in was: then nobody knows any more how it fares, and it must not go on unwatched.
    const state = await this.#command.state(container.id).catch(() => 'absent');
    if (state !== 'running' && state !== 'paused') return exit;
    await this.#ending.kill(container, SIGKILL, 'all');
    return { ...exit, exitCode: 255, known: false };
  }

  async delete(container: ContainerRef): Promise<void> {
    const { exits, socketDir } = this.#options;
    await deleteContainer({ ending: this.#ending, exitDir: exits.dir, socketDir }, container);
  }

  state(container: ContainerRef): Promise<RuntimeStatus> {
    return this.#command.state(container.id);
  }

  execSync(container: ContainerRef, process: Process, request: ExecSyncRequest): Promise<ExecSyncResult> {
    return execSync(this.#options.runtime, this.#options.orphans, container, process, request);
  }

  exec(container: ContainerRef, process: Process, streams: ProcessStreams): Promise<number> {
    return execStream(this.#options.runtime, this.#options.orphans, container, process, streams);
  }

  attach(container: ContainerRef, streams: ProcessStreams): Promise<void> {
    return attach(this.#options.socketDir, container, streams);
  }

  async update(container: ContainerRef, resources: Resources): Promise<void> {
    await this.#command.update(container.id, resources);
  }

  async stats(container: ContainerRef): Promise<ContainerUsage | undefined> {
    return this.features.containerCgroups ? undefined : this.#command.usage(container.id);
  }

  connect(sandbox: ContainerRef, port: number): Promise<Duplex> {
    if (this.features.portForward === 'driver')
      return connectThroughRuntime(this.#command, this.#options.socketDir, sandbox, port);
    const { handler } = this.#options.runtime;
    return Promise.reject(failedPrecondition(`runtime "${handler}" has no way of its own to a pod's ports`));
  }

  reopenLog(container: ContainerRef, logPath: string): Promise<void> {
    return reopenLog(container, logPath);
  }
}

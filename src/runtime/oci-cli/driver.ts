// RuntimeDriver over an OCI runtime binary with conmon as the monitor.
import { mkdirSync } from 'node:fs';
import { errorMessage } from '../../errors.ts';
import type { OrphanReaper } from '../../host/orphans.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Process, Resources } from '../../oci/types.ts';
import type {
  ContainerExit,
  ContainerRef,
  CreatedContainer,
  CreateRequest,
  ExecSyncRequest,
  ExecSyncResult,
  ProcessStreams,
  RuntimeDriver,
  RuntimeFeatures,
} from '../driver.ts';
import { attach } from './attach.ts';
import { OciCommand, type RuntimeStatus } from './command.ts';
import { createContainer } from './create.ts';
import { deleteContainer } from './delete.ts';
import { Ending } from './ending.ts';
import { execStream } from './exec-stream.ts';
import { execSync } from './exec-sync.ts';
import type { ExitWatcher } from './exit-watcher.ts';
import { reopenLog } from './log-control.ts';
import type { OciRuntime } from './options.ts';

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
    try {
      const created = await createContainer({ ...paths, exitDir: exits.dir }, runtime, request);
      // conmon leaves its monitor to us; nobody waits for it, but it must be reaped at once.
      void orphans.adopt(created.monitor.pid);
      return created;
    } catch (error) {
      await this.delete(request).catch((undoError: unknown) =>
        log.warn({ container: request.id, reason: errorMessage(undoError) }, 'cannot undo a failed create'),
      );
      throw error;
    }
  }

  async start(container: ContainerRef): Promise<void> {
    await this.#command.start(container.id);
  }

  async kill(container: ContainerRef, signal: number, scope: 'init' | 'all'): Promise<void> {
    await this.#ending.kill(container, signal, scope);
  }

  wait(container: ContainerRef, created: CreatedContainer, signal: AbortSignal): Promise<ContainerExit> {
    return this.#options.exits.wait(container, created, signal);
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

  reopenLog(container: ContainerRef, logPath: string): Promise<void> {
    return reopenLog(container, logPath);
  }
}

// The shims this driver talks to: started when a task needs one, found again after a restart, one connection each.
import { existsSync } from 'node:fs';
import { sleep } from '../../async/timeout.ts';
import type { OrphanReaper } from '../../host/orphans.ts';
import { identifyProcess, type ProcessIdentity } from '../../host/procfs.ts';
import type { Logger } from '../../observe/logger.ts';
import type { ContainerRef } from '../driver.ts';
import type { Bootstrap } from './bootstrap-result.ts';
import type { Protocol } from './protocol.ts';
import { loadTask } from './saved-task.ts';
import type { ShimCommand } from './shim-command.ts';
import { shimFiles } from './shim-files.ts';
import { tellLogEnd } from './shim-words.ts';
import { LOG_LAG_MS, ShimLog } from './shim-log.ts';
import { TaskClient } from './task-client.ts';
import { TtrpcClient } from './ttrpc/client.ts';

const CONNECT_MS = 10_000;
const END_MS = 3000;

/** A live shim. */
export interface ShimConnection {
  readonly socket: string;
  readonly service: 2 | 3;
  readonly tasks: TaskClient;
  /** The shim's own process, undefined when it could not be found out. */
  readonly process: ProcessIdentity | undefined;
  /** The end of what it logged. */
  readonly log: () => string;
}

export interface ShimsOptions {
  readonly protocol: Protocol;
  readonly command: ShimCommand;
  readonly orphans: Pick<OrphanReaper, 'adopt'>;
  readonly log: Pick<Logger, 'warn'>;
}

export class Shims {
  readonly #options: ShimsOptions;
  readonly #open = new Map<string, Promise<ShimConnection>>();
  #closed = false;

  constructor(options: ShimsOptions) {
    this.#options = options;
  }

  /**
   * A shim for a task that is to be created. `owned` when it was started for this task.
   * @throws DaemonError with the shim's own words; nothing of it is left then
   */
  async start(task: ContainerRef): Promise<{ readonly connection: ShimConnection; readonly owned: boolean }> {
    const log = ShimLog.open(shimFiles(task.bundle).log);
    try {
      const bootstrap = await this.#options.command.start(task, () => log.tail);
      // The shim of a sandbox answers for its containers; only the process tells whether this start made it.
      const owned = this.#options.command.find(task.id).length > 0;
      const known = this.#open.get(bootstrap.socket);
      if (known !== undefined) {
        log.close();
        return { connection: await known, owned };
      }
      return { connection: await this.#connect(task, bootstrap, log), owned };
    } catch (error) {
      await tellLogEnd(task.id, () => log.tail, this.#options.log);
      log.close();
      await this.#options.command.endStrays(task.id, 0);
      throw error;
    }
  }

  /** The shim that serves a task, connected with again when need be; undefined when it is dead or never was. */
  async find(task: ContainerRef): Promise<ShimConnection | undefined> {
    const saved = await loadTask(task.bundle);
    if (saved?.shim === null || saved === undefined) return undefined;
    const known = this.#open.get(saved.shim.socket);
    if (known !== undefined) return known.catch(() => undefined);
    const files = shimFiles(task.bundle);
    const log = existsSync(files.log) ? ShimLog.open(files.log) : undefined;
    return this.#connect(task, { version: saved.shim.service, socket: saved.shim.socket }, log).catch(() => {
      log?.close();
      return undefined;
    });
  }

  #connect(task: ContainerRef, bootstrap: Bootstrap, log: ShimLog | undefined): Promise<ShimConnection> {
    const connecting = this.#dial(task, bootstrap, log);
    this.#open.set(bootstrap.socket, connecting);
    const forget = () => {
      if (this.#open.get(bootstrap.socket) === connecting) this.#open.delete(bootstrap.socket);
    };
    connecting.then(
      ({ tasks }) => void tasks.closed.then(forget),
      () => forget(),
    );
    return connecting;
  }

  async #dial(task: ContainerRef, { socket, version }: Bootstrap, log: ShimLog | undefined): Promise<ShimConnection> {
    const { protocol, orphans } = this.#options;
    const client = await TtrpcClient.connect(protocol, socket, CONNECT_MS);
    const tasks = new TaskClient(protocol, client, version);
    // A shim that dies has said why a moment before.
    void client.closed.then(() => sleep(LOG_LAG_MS)).then(() => log?.close());
    try {
      const process = await this.#identify(task, tasks);
      // The shim was left to us by its start; it is to be reaped as soon as it ends.
      if (process !== undefined) void orphans.adopt(process.pid);
      return { socket, service: version, tasks, process, log: () => log?.tail ?? '' };
    } catch (error) {
      client.close();
      throw error;
    }
  }

  async #identify(task: ContainerRef, tasks: TaskClient): Promise<ProcessIdentity | undefined> {
    const told = await tasks.call('Connect', { id: task.id }, { timeoutMs: CONNECT_MS }).catch((error: unknown) => {
      if (tasks.isClosed) throw error;
      return undefined;
    });
    const pid = told === undefined || told.shimPid === 0 ? this.#options.command.find(task.id)[0] : told.shimPid;
    return pid === undefined ? undefined : identifyProcess(pid);
  }

  /** Has the shim that was started for the task `id` end; one that does not end by itself is killed. */
  async end({ tasks }: ShimConnection, id: string): Promise<void> {
    // Some end before they have answered.
    await tasks.call('Shutdown', { id, now: false }, { timeoutMs: END_MS }).catch(() => undefined);
    await Promise.race([tasks.closed, sleep(END_MS)]);
    tasks.close();
    await this.#options.command.endStrays(id, END_MS);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Ends the connections; the shims live on. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#open.values())
      connection.then(
        ({ tasks }) => tasks.close(),
        () => undefined,
      );
  }
}

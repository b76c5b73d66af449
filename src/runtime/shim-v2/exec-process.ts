// One further process of a task: made, started, waited for and forgotten, through the shim.
import { identifyProcess, type ProcessIdentity } from '../../host/procfs.ts';
import { killSession } from '../../host/kill.ts';
import { isAlive } from '../../host/procfs.ts';
import { DaemonError } from '../../errors.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef } from '../driver.ts';
import { cureOf, firstError } from '../first-error.ts';
import type { ExecFifos } from './exec-fifos.ts';
import { normaliseExit } from './exit-status.ts';
import type { TaskClient } from './task-client.ts';

const PROCESS_TYPE = 'types.containerd.io/opencontainers/runtime-spec/1/Process';
const KILL = 9;

export interface ExecDeps {
  readonly handler: string;
  readonly tasks: TaskClient;
  /** Pids are those of this host: see ShimTraits. */
  readonly hostPids: boolean;
  readonly startMs: number;
  readonly controlMs: number;
}

export class ExecProcess {
  readonly #deps: ExecDeps;
  readonly #container: ContainerRef;
  readonly #execId: string;
  #process: ProcessIdentity | undefined;
  #killed = false;
  #isStarted = false;

  constructor(deps: ExecDeps, container: ContainerRef, execId: string) {
    this.#deps = deps;
    this.#container = container;
    this.#execId = execId;
  }

  /** @throws unknown with the runtime's first error */
  async start(process: Process, fifos: ExecFifos): Promise<void> {
    const { tasks, startMs, handler } = this.#deps;
    const ids = { id: this.#container.id, execId: this.#execId };
    const value = Buffer.from(JSON.stringify(process));
    const spec = { type_url: PROCESS_TYPE, value };
    try {
      await tasks.call('Exec', { ...ids, terminal: process.terminal, ...fifos.paths, spec }, { timeoutMs: startMs });
      const { pid } = await tasks.call('Start', ids, { timeoutMs: startMs });
      this.#isStarted = true;
      if (this.#deps.hostPids && pid > 1) this.#process = identifyProcess(pid);
    } catch (error) {
      const { code, message } = error as DaemonError;
      const reason = firstError(message) ?? message;
      const what = `runtime "${handler}" exec in container "${ids.id}"`;
      throw new DaemonError(code, `${what}: ${reason}`, error, cureOf(reason));
    }
  }

  /** The exit code, when the program itself has ended. */
  async wait(): Promise<number> {
    const { exitStatus } = await this.#deps.tasks.call('Wait', { id: this.#container.id, execId: this.#execId });
    return normaliseExit(exitStatus, this.#killed ? KILL : undefined);
  }

  /** Sends a signal to the program, and SIGKILL to what it has started too, where that can be reached. */
  async kill(signal: number): Promise<void> {
    if (signal === KILL) {
      this.#killed = true;
      // The shim knows of the program alone.
      if (this.#process !== undefined && isAlive(this.#process)) killSession(this.#process.pid);
    }
    const request = { id: this.#container.id, execId: this.#execId, signal, all: true };
    await this.#deps.tasks.call('Kill', request, { timeoutMs: this.#deps.controlMs }).catch(() => undefined);
  }

  async closeInput(): Promise<void> {
    const request = { id: this.#container.id, execId: this.#execId, stdin: true };
    await this.#deps.tasks.call('CloseIO', request, { timeoutMs: this.#deps.controlMs }).catch(() => undefined);
  }

  resize(rows: number, columns: number): void {
    if (!this.#isStarted) return;
    const request = { id: this.#container.id, execId: this.#execId, width: columns, height: rows };
    this.#deps.tasks.call('ResizePty', request, { timeoutMs: this.#deps.controlMs }).catch(() => undefined);
  }

  /** Has the shim forget the process. It answers when the output has been copied, or background children hold it up. */
  async forget(): Promise<void> {
    await this.#deps.tasks.call('Delete', { id: this.#container.id, execId: this.#execId }).catch(() => undefined);
  }
}

// ContainerManager: the public verbs. Bodies live in the verb files; this is their table of contents.
import { SingleFlight } from '../async/single-flight.ts';
import { nameTaken } from '../errors.ts';
import type { ContainerConfig } from '../gen/runtime/v1/ContainerConfig.ts';
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';
import type { ExecSyncResult, ProcessStreams } from '../runtime/driver.ts';
import { containerName, type ContainerRecord } from '../state/container-record.ts';
import { attach } from './attach.ts';
import { createContainer } from './create.ts';
import type { ContainerDeps } from './deps.ts';
import { runningContainer } from './exec-process.ts';
import { execSync, type ExecSyncCall } from './exec-sync.ts';
import { exec, type ExecCall } from './exec.ts';
import { ExitMonitor } from './exit-monitor.ts';
import { recoverContainers } from './recover.ts';
import { removeStopped } from './remove.ts';
import { reopenLog } from './reopen-log.ts';
import { startContainer } from './start.ts';
import { ContainerStops } from './stop.ts';
import { updateResources } from './update-resources.ts';

export class ContainerManager {
  readonly #deps: ContainerDeps;
  readonly #monitor: ExitMonitor;
  readonly #stops: ContainerStops;
  readonly #creates = new SingleFlight<ContainerRecord>();
  /** Creates in flight, by pod. */
  readonly #creations = new Map<string, Set<Promise<unknown>>>();

  constructor(deps: ContainerDeps) {
    this.#deps = deps;
    this.#monitor = new ExitMonitor(deps);
    this.#stops = new ContainerStops(deps, this.#monitor);
  }

  /** Creates a container in a ready pod. A repeated create joins the one in flight or returns the finished one. */
  create(sandboxId: string, config: ContainerConfig): Promise<ContainerRecord> {
    const sandbox = this.#deps.sandboxes.get(sandboxId);
    const name = containerName({ config, sandboxId: sandbox.id });
    const finished = this.#deps.index.findByName(name);
    if (finished?.status.phase === 'created') return Promise.resolve(finished);
    if (finished !== undefined && !this.#creates.has(name)) {
      return Promise.reject(nameTaken('container', name, finished.id, finished.status.phase));
    }
    return this.#creates.run(name, async () => {
      const creation = createContainer(this.#deps, sandbox.id, config);
      this.#track(sandbox.id, creation);
      const record = await creation;
      if (record.status.phase === 'created') this.#monitor.watch(record, record.status.processes);
      return record;
    });
  }

  #track(sandboxId: string, creation: Promise<unknown>): void {
    const creations = this.#creations.get(sandboxId) ?? new Set();
    this.#creations.set(sandboxId, creations);
    const done = creation.then(
      () => undefined,
      () => undefined,
    );
    creations.add(done);
    void done.then(() => {
      creations.delete(done);
      if (creations.size === 0) this.#creations.delete(sandboxId);
    });
  }

  start(idOrPrefix: string): Promise<void> {
    return startContainer(this.#deps, idOrPrefix);
  }

  stop(idOrPrefix: string, graceMs: number, signal: AbortSignal): Promise<void> {
    return this.#stops.stop(idOrPrefix, graceMs, signal);
  }

  /** Removes a container, ending it first when it runs. Removing an unknown one succeeds. */
  async remove(idOrPrefix: string): Promise<void> {
    const record = this.#deps.index.find(idOrPrefix);
    if (record === undefined) return;
    await this.#stops.stop(record.id, 0, new AbortController().signal);
    await removeStopped(this.#deps, this.#monitor, record.id);
  }

  execSync(idOrPrefix: string, call: ExecSyncCall): Promise<ExecSyncResult> {
    return execSync(this.#deps, idOrPrefix, call);
  }

  /** The container, which must run for `what`: exec or attach. @throws failed-precondition otherwise */
  running(idOrPrefix: string, what: string): ContainerRecord {
    return runningContainer(this.#deps, idOrPrefix, what);
  }

  exec(call: ExecCall, streams: ProcessStreams): Promise<number> {
    return exec(this.#deps, call, streams);
  }

  attach(containerId: string, streams: ProcessStreams): Promise<void> {
    return attach(this.#deps, containerId, streams);
  }

  updateResources(idOrPrefix: string, resources: LinuxContainerResources): Promise<void> {
    return updateResources(this.#deps, idOrPrefix, resources);
  }

  reopenLog(idOrPrefix: string): Promise<void> {
    return reopenLog(this.#deps, idOrPrefix);
  }

  /** Ends every container of a pod at once, in parallel. The pod is not ready any more: creates in flight will fail. */
  async stopAll(sandboxId: string): Promise<void> {
    await Promise.all([...(this.#creations.get(sandboxId) ?? [])]);
    const never = new AbortController().signal;
    await Promise.all(this.#of(sandboxId).map((record) => this.#stops.stop(record.id, 0, never)));
  }

  /** Removes every container of a pod. */
  async removeAll(sandboxId: string): Promise<void> {
    await Promise.all(this.#of(sandboxId).map((record) => this.remove(record.id)));
  }

  #of(sandboxId: string): ContainerRecord[] {
    return this.#deps.index.list().filter((record) => record.sandboxId === sandboxId);
  }

  /** Adopts the containers a former daemon left. Their pods must be in the index already. */
  recover(records: readonly ContainerRecord[]): Promise<void> {
    return recoverContainers(this.#deps, this.#monitor, records);
  }

  /** Stops watching; containers run on. */
  close(): void {
    this.#monitor.stop();
  }
}

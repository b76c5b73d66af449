// SandboxManager: the public verbs. Bodies live in the verb files; this is their table of contents.
import type { Duplex } from 'node:stream';
import { SingleFlight } from '../async/single-flight.ts';
import { nameTaken } from '../errors.ts';
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';
import { sandboxName, type SandboxRecord } from '../state/sandbox-record.ts';
import { checkSandboxConfig } from './check-config.ts';
import type { SandboxDeps } from './deps.ts';
import { PauseWatch } from './pause-watch.ts';
import { connectToPort, readySandbox } from './port-forward.ts';
import { recoverSandboxes } from './recover.ts';
import { runSandbox, type RunRequest } from './run.ts';
import { removeSandbox, stopSandbox } from './stop.ts';
import { updateSandboxResources } from './update-resources.ts';

export class SandboxManager {
  readonly #deps: SandboxDeps;
  readonly #pauses: PauseWatch;
  readonly #runs = new SingleFlight<SandboxRecord>();

  constructor(deps: SandboxDeps) {
    this.#deps = deps;
    this.#pauses = new PauseWatch(deps);
  }

  /** Runs a pod sandbox. A repeated run joins the one in flight or returns the finished one. */
  async run(request: RunRequest): Promise<SandboxRecord> {
    checkSandboxConfig(request.config);
    const name = sandboxName(request.config);
    const existing = this.#deps.index.findByName(name);
    if (existing?.status.phase === 'ready') return existing;
    if (existing !== undefined && !this.#runs.has(name)) {
      throw nameTaken('pod sandbox', name, existing.id, existing.status.phase);
    }
    return this.#runs.run(name, async () => {
      const record = await runSandbox(this.#deps, request);
      this.#deps.events.publish('created', record.id, record.id);
      this.#deps.events.publish('started', record.id, record.id);
      if (record.pause !== null) this.#pauses.watch(record, record.pause);
      this.#deps.log.info({ sandboxId: record.id, ips: record.ips }, 'pod sandbox ready');
      return record;
    });
  }

  stop(idOrPrefix: string): Promise<void> {
    const record = this.#deps.index.find(idOrPrefix);
    if (record !== undefined) this.#pauses.forget(record.id);
    return stopSandbox(this.#deps, idOrPrefix);
  }

  remove(idOrPrefix: string): Promise<void> {
    const record = this.#deps.index.find(idOrPrefix);
    if (record !== undefined) this.#pauses.forget(record.id);
    return removeSandbox(this.#deps, idOrPrefix);
  }

  /** Notes what the kubelet has made the pod's limits. @throws not-found */
  updateResources(
    idOrPrefix: string,
    overhead: LinuxContainerResources | null,
    resources: LinuxContainerResources | null,
  ): Promise<void> {
    return updateSandboxResources(this.#deps, idOrPrefix, overhead, resources);
  }

  /** The pod, which must be ready. @throws failed-precondition otherwise */
  ready(idOrPrefix: string): SandboxRecord {
    return readySandbox(this.#deps, idOrPrefix);
  }

  /** A connection to a port of the pod's own loopback; the caller destroys it. */
  connectToPort(sandboxId: string, port: number): Promise<Duplex> {
    return connectToPort(this.#deps, sandboxId, port);
  }

  /** Adopts the sandboxes a former daemon left, before their containers are. */
  async recover(records: readonly SandboxRecord[]): Promise<void> {
    await recoverSandboxes(this.#deps, records);
    for (const record of this.#deps.index.list()) {
      if (record.status.phase === 'ready' && record.pause !== null) this.#pauses.watch(record, record.pause);
    }
  }

  /** Stops watching; pods run on. */
  close(): void {
    this.#pauses.stop();
  }
}

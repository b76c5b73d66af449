// Notices when a pod's pause process dies: the pod's containers die with it and the pod is not ready any more.
import type { CreatedContainer } from '../runtime/driver.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { commit, type SandboxDeps } from './deps.ts';
import { pauseRef } from './pause.ts';

export class PauseWatch {
  readonly #deps: SandboxDeps;
  readonly #watches = new Map<string, AbortController>();

  constructor(deps: SandboxDeps) {
    this.#deps = deps;
  }

  watch(record: SandboxRecord, pause: CreatedContainer): void {
    const watch = new AbortController();
    this.#watches.set(record.id, watch);
    this.#deps.handlers
      .driverOf(record)
      .wait(pauseRef(this.#deps, record.id), pause, watch.signal)
      .then(() => this.#deps.queue.run(record.id, () => this.#markDead(record.id)))
      .catch((error: unknown) => {
        if (!watch.signal.aborted) this.#deps.log.error({ sandboxId: record.id, err: error }, 'cannot watch a pod');
      });
  }

  async #markDead(id: string): Promise<void> {
    const record = this.#deps.index.find(id);
    if (record?.status.phase !== 'ready') return;
    this.#deps.log.error({ sandboxId: id }, 'the pause process of a pod has died; the pod is not ready');
    await commit(this.#deps, { ...record, status: { phase: 'not-ready', reason: 'its pause process has died' } });
    this.#deps.events.publish('stopped', id, id);
  }

  forget(id: string): void {
    this.#watches.get(id)?.abort();
    this.#watches.delete(id);
  }

  stop(): void {
    for (const watch of this.#watches.values()) watch.abort();
  }
}

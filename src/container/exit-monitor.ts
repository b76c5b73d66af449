// Waits for every container's exit and applies it, once. No other code writes `exited` for a container that ran.
import { deferred, type Deferred } from '../async/deferred.ts';
import { errorMessage } from '../errors.ts';
import { KILLED_EXIT_CODE, type ContainerExit, type CreatedContainer } from '../runtime/driver.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { commit, driverFor, refOf, type ContainerDeps } from './deps.ts';
import { OomKills } from './oom-kills.ts';
import { nextStatus } from './status-machine.ts';

/** What gVisor's shim tells of the containers of a sandbox that was killed. */
const SANDBOX_LOST_EXIT_CODE = 128;

interface Watch {
  readonly stop: AbortController;
  readonly exited: Deferred<undefined>;
}

export class ExitMonitor {
  readonly #deps: ContainerDeps;
  readonly #watches = new Map<string, Watch>();
  readonly #oomKills: OomKills;

  constructor(deps: ContainerDeps) {
    this.#deps = deps;
    this.#oomKills = new OomKills(deps.cgroups);
  }

  /** Begins to wait for a container's exit; the exit may have happened already. */
  watch(record: ContainerRecord, processes: CreatedContainer): void {
    const watch = { stop: new AbortController(), exited: deferred<undefined>() };
    this.#watches.set(record.id, watch);
    this.#oomKills.watch(record.cgroupPath, hasCgroupOfItsOwn(this.#deps.sandboxes.find(record.sandboxId)));
    driverFor(this.#deps, record)
      .wait(refOf(this.#deps, record.id), processes, watch.stop.signal)
      .then((exit) => this.#deps.queue.run(record.id, () => this.#apply(record.id, exit)))
      .catch((error: unknown) => {
        if (!watch.stop.signal.aborted) {
          this.#deps.log.error({ containerId: record.id, err: error }, 'cannot record the exit of a container');
        }
      })
      .finally(() => {
        this.#watches.delete(record.id);
        this.#oomKills.end(record.cgroupPath);
        watch.exited.resolve(undefined);
      });
  }

  async #apply(id: string, told: ContainerExit): Promise<void> {
    const record = this.#deps.index.find(id);
    if (record === undefined || record.status.phase === 'exited') return;
    const exit = this.#withOom(record, told);
    this.#endLeftovers(record);
    await commit(this.#deps, { ...record, status: nextStatus(record.status, { type: 'exited', exit }) });
    this.#deps.log.info({ containerId: id, sandboxId: record.sandboxId, exitCode: exit.exitCode }, 'container exited');
  }

  #withOom(record: ContainerRecord, told: ContainerExit): ContainerExit {
    const isShared = !driverFor(this.#deps, record).features.containerCgroups;
    const isSeen = this.#oomKills.end(record.cgroupPath, isShared);
    // With the sandbox goes all that knew how the container ended.
    const exitCode = isSeen && isShared && told.exitCode === SANDBOX_LOST_EXIT_CODE ? KILLED_EXIT_CODE : told.exitCode;
    return { ...told, exitCode, oomKilled: isSeen || told.oomKilled };
  }

  // In a shared pid namespace the container's other processes outlive its first one.
  #endLeftovers(record: ContainerRecord): void {
    const pid = record.config.linux?.securityContext?.namespaceOptions?.pid ?? 'POD';
    if (pid === 'CONTAINER') return;
    try {
      this.#deps.cgroups.killAll(record.cgroupPath);
    } catch (error) {
      this.#deps.log.warn({ containerId: record.id, reason: errorMessage(error) }, 'cannot end leftover processes');
    }
  }

  /** Settles when the container's exit has been recorded, at once when it is not being waited for. */
  exited(id: string): Promise<unknown> {
    return this.#watches.get(id)?.exited.promise ?? Promise.resolve();
  }

  /** Stops waiting for a container that is being removed. */
  forget(id: string): void {
    this.#watches.get(id)?.stop.abort();
  }

  /** Stops waiting for all: the daemon ends, the containers do not. */
  stop(): void {
    for (const watch of this.#watches.values()) watch.stop.abort();
  }
}

/** Whether the cgroup that the pod's containers are in is the pod's alone; a kubelet names the one it gives after the pod. */
function hasCgroupOfItsOwn(sandbox: SandboxRecord | undefined): boolean {
  if (sandbox === undefined || sandbox.ownsCgroup) return true;
  const uid = sandbox.config.metadata?.uid ?? '';
  return uid !== '' && sandbox.cgroupParent.replaceAll('_', '-').includes(uid.replaceAll('_', '-'));
}

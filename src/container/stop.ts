// StopContainer.
import { withContext } from '../errors.ts';
import { driverFor, refOf, type ContainerDeps } from './deps.ts';
import type { ExitMonitor } from './exit-monitor.ts';
import { StopSession } from './stop-session.ts';

const SIGKILL = 9;

/** The stops in flight. */
export class ContainerStops {
  readonly #deps: ContainerDeps;
  readonly #monitor: ExitMonitor;
  readonly #sessions = new Map<string, StopSession>();

  constructor(deps: ContainerDeps, monitor: ExitMonitor) {
    this.#deps = deps;
    this.#monitor = monitor;
  }

  /**
   * Stops a container and waits until it has exited. Stopping one that is unknown or has exited succeeds.
   *
   * @param graceMs milliseconds between the stop signal and SIGKILL; 0 sends SIGKILL at once
   * @throws unavailable when it has not ended 10 s after SIGKILL
   * @see CRI RuntimeService.StopContainer: "This call is idempotent"
   */
  async stop(idOrPrefix: string, graceMs: number, signal: AbortSignal): Promise<void> {
    const record = this.#deps.index.find(idOrPrefix);
    if (record === undefined || record.status.phase === 'exited' || record.status.phase === 'creating') return;
    // A created container has no program yet that could handle a signal.
    const grace = record.status.phase === 'created' ? 0 : graceMs;
    try {
      await this.#session(record.id).join(grace, signal);
    } catch (error) {
      throw withContext(`cannot stop container "${record.id}"`, error);
    }
  }

  #session(id: string): StopSession {
    const running = this.#sessions.get(id);
    if (running !== undefined) return running;
    const record = this.#deps.index.get(id);
    const driver = driverFor(this.#deps, record);
    const ref = refOf(this.#deps, id);
    // Signals go through the container's queue, so that none overtakes a start; waits never hold it.
    const session = new StopSession({
      signalInit: () => this.#deps.queue.run(id, () => driver.kill(ref, record.stopSignal, 'init')),
      killAll: () => this.#deps.queue.run(id, () => driver.kill(ref, SIGKILL, 'all')),
      exited: this.#monitor.exited(id),
    });
    this.#sessions.set(id, session);
    void session.ended.then(() => this.#sessions.delete(id));
    return session;
  }
}

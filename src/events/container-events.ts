// What happened to containers and pods, told to whoever listens. Events report; they never drive what the daemon does.
import type { Logger } from '../observe/logger.ts';
import { EventQueue } from './event-queue.ts';

export type ContainerEventType = 'created' | 'started' | 'stopped' | 'deleted';

export interface ContainerEvent<Pod> {
  readonly type: ContainerEventType;
  /** A container's id, or the pod's own when the event is about the pod sandbox. */
  readonly id: string;
  /** Nanoseconds since the epoch. */
  readonly at: bigint;
  /** The pod right after the event. */
  readonly pod: Pod;
}

/** Where managers report. */
export interface EventSink {
  /**
   * Tells of a change, after the record of it is written and in memory. Never waits, never throws. Events of a pod
   * reach every listener in the order of these calls.
   */
  publish(type: ContainerEventType, id: string, sandboxId: string): void;
}

interface ContainerEventsOptions<Pod> {
  /** The pod as it is in memory now; undefined when there is no such pod. */
  readonly podOf: (sandboxId: string) => Pod | undefined;
  /** Nanoseconds since the epoch, now. */
  readonly now: () => bigint;
  readonly log: Logger;
}

/** Events kept for a listener that is slower than they come; beyond that it loses the oldest. */
const MAX_WAITING = 1000;

export class ContainerEvents<Pod> implements EventSink {
  readonly #options: ContainerEventsOptions<Pod>;
  readonly #listeners = new Set<EventQueue<ContainerEvent<Pod>>>();
  #dropped = 0;

  constructor(options: ContainerEventsOptions<Pod>) {
    this.#options = options;
  }

  publish(type: ContainerEventType, id: string, sandboxId: string): void {
    if (this.#listeners.size === 0) return;
    const pod = this.#options.podOf(sandboxId);
    if (pod === undefined) return;
    const event = { type, id, at: this.#options.now(), pod };
    for (const listener of this.#listeners) if (listener.push(event)) this.#countDropped();
  }

  /** Yields what is published from the first step on, until `signal` aborts. Nothing that happened before is told. */
  async *listen(signal: AbortSignal): AsyncGenerator<ContainerEvent<Pod>> {
    const listener = new EventQueue<ContainerEvent<Pod>>(MAX_WAITING);
    this.#listeners.add(listener);
    try {
      yield* listener.drain(signal);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /** For verbose Status: listeners now, and events lost to slow ones since the daemon's start. */
  get counters(): { readonly listeners: number; readonly dropped: number } {
    return { listeners: this.#listeners.size, dropped: this.#dropped };
  }

  // The first loss is logged, and then every thousandth, as a listener that stands still loses all there is.
  #countDropped(): void {
    if (this.#dropped % MAX_WAITING === 0) {
      this.#options.log.warn({ dropped: this.#dropped + 1 }, 'a listener is too slow and loses the oldest events');
    }
    this.#dropped += 1;
  }
}

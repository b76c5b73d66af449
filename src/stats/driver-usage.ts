// Usage that a runtime tells, kept for a while: asking costs a process or a call, and lists are read every few seconds.
import { Limiter } from '../async/limiter.ts';
import { SingleFlight } from '../async/single-flight.ts';
import { sleep } from '../async/timeout.ts';
import type { CgroupStats } from '../cgroup/stats.ts';
import type { Logger } from '../observe/logger.ts';
import type { ContainerRef, ContainerUsage, RuntimeDriver } from '../runtime/driver.ts';

/** Milliseconds for which a reading is given out without asking again. */
const FRESH_MS = 500;
/** Milliseconds a reader waits for a newer reading before it gets the last one. */
const PATIENCE_MS = 150;
/** Milliseconds after which a reading is too old to be given out: the reader waits for a new one. */
const STALE_MS = 30_000;
/** So many runtimes are asked at a time, whoever wants to know. */
const AT_ONCE = 4;

interface Reading {
  readonly at: number;
  readonly usage: ContainerUsage | undefined;
}

type Asked = Pick<RuntimeDriver, 'stats'>;

/**
 * What containers use that have no cgroup of their own on the host.
 *
 * The first reading is waited for. Later readers wait a moment for a newer one and then get the last: a busy runtime
 * holds up no list. Each carries the time at which it was taken.
 */
export class DriverUsage {
  readonly #log: Logger;
  readonly #readings = new Map<string, Reading>();
  readonly #flights = new SingleFlight<Reading>();
  readonly #limiter = new Limiter(AT_ONCE);

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @throws what the driver throws, when there is no reading to fall back on */
  async read(driver: Asked, container: ContainerRef): Promise<CgroupStats | undefined> {
    const known = this.#readings.get(container.id);
    const age = known === undefined ? Infinity : Date.now() - known.at;
    if (known === undefined || age > STALE_MS) return toStats((await this.#renew(driver, container)).usage);
    if (age <= FRESH_MS) return toStats(known.usage);
    const renewal = this.#renew(driver, container).catch((error: unknown) => {
      this.#log.warn({ containerId: container.id, err: error }, 'cannot renew the usage of a container');
      return known;
    });
    return toStats((await Promise.race([renewal, sleep(PATIENCE_MS).then(() => known)])).usage);
  }

  /** Forgets the containers that are no more. */
  keepOnly(exists: (id: string) => boolean): void {
    for (const id of this.#readings.keys()) if (!exists(id)) this.#readings.delete(id);
  }

  #renew(driver: Asked, container: ContainerRef): Promise<Reading> {
    const { id } = container;
    return this.#flights.run(id, () =>
      this.#limiter.run(async () => {
        const reading = { at: Date.now(), usage: await driver.stats(container) };
        this.#readings.set(id, reading);
        return reading;
      }),
    );
  }
}

function toStats(usage: ContainerUsage | undefined): CgroupStats | undefined {
  if (usage === undefined) return undefined;
  const { workingSetBytes, memoryLimitBytes } = usage;
  const isLimited = workingSetBytes !== undefined && memoryLimitBytes !== undefined;
  return {
    timestampNanos: usage.timestampNanos,
    cpuUsageNanos: usage.cpuUsageNanos,
    memory: {
      usageBytes: usage.memoryUsageBytes,
      workingSetBytes,
      rssBytes: usage.rssBytes,
      availableBytes: isLimited ? Math.max(0, memoryLimitBytes - workingSetBytes) : undefined,
      pageFaults: usage.pageFaults,
      majorPageFaults: usage.majorPageFaults,
    },
    swap: { usageBytes: undefined, availableBytes: undefined },
    processCount: usage.processCount,
    io: undefined,
    pressure: { cpu: undefined, memory: undefined, io: undefined },
  };
}

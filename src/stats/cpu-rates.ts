// Remembers the last CPU sample of each object, so that a reading can tell the rate since then.
import { usageNanoCores, type CpuSample } from '../cgroup/rate.ts';

/** Samples closer together than this are too noisy for a rate; the former rate is told again. */
const MIN_INTERVAL_NANOS = 500_000_000n;

export class CpuRates {
  readonly #last = new Map<string, { readonly sample: CpuSample; readonly rate: bigint }>();

  /**
   * The rate in billionths of a core since the last sample.
   * @param startedAt nanoseconds since the epoch; the first reading is the average since then
   */
  rate(id: string, sample: CpuSample, startedAt: bigint): bigint {
    const last = this.#last.get(id);
    const from = last?.sample ?? { timestampNanos: startedAt, cpuUsageNanos: 0n };
    if (last !== undefined && sample.timestampNanos - from.timestampNanos < MIN_INTERVAL_NANOS) return last.rate;
    const rate = usageNanoCores(from, sample) ?? 0n;
    this.#last.set(id, { sample, rate });
    return rate;
  }

  /** Forgets objects that are gone. */
  keepOnly(exists: (id: string) => boolean): void {
    for (const id of this.#last.keys()) if (!exists(id)) this.#last.delete(id);
  }
}

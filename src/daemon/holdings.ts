// What this process holds right now, for someone who looks for a leak: memory, descriptors, handles and timers.
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Holdings {
  /** Bytes, after a garbage collection. */
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
  /** Open descriptors by kind: `socket`, `pipe`, `fifo`, `eventpoll` and the like, `file` for the rest. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** What keeps the event loop busy or awake, by Node's names, such as `Timeout`. */
  readonly resources: Readonly<Record<string, number>>;
}

/** Collects garbage first, which blocks the event loop for as long as that takes. */
export function readHoldings(): Holdings {
  collectGarbage();
  return {
    heapUsedBytes: process.memoryUsage().heapUsed,
    rssBytes: process.memoryUsage.rss(),
    descriptors: count(readdirSync('/proc/self/fd').map((fd) => kindOf(`/proc/self/fd/${fd}`))),
    resources: count(process.getActiveResourcesInfo()),
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
}

function kindOf(path: string): string {
  try {
    const target = readlinkSync(path);
    const anonymous = /^(?:anon_inode:)?\[?(\w+)\]?(?::\[\d+\])?$/.exec(target)?.[1];
    if (anonymous !== undefined) return anonymous;
    return statSync(path).isFIFO() ? 'fifo' : 'file';
  } catch {
    return 'closed meanwhile';
  }
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

// Processes inside a sandbox, which have no pid on the host: found and signalled through the runtime.

const SIGKILL = 9;
const SIGSTOP = 19;

/** The verbs of a runtime that reach inside. */
interface InnerVerbs {
  /** The parent of each process of a container, by pid. */
  processes(containerId: string): Promise<ReadonlyMap<number, number>>;
  killInner(containerId: string, pid: number, signal: number): Promise<void>;
}

/**
 * Kills a process of a container and all below it. What has ended meanwhile is fine. Each is stopped before it is looked
 * at: one that starts another between the look and the kill would leave it behind, with a parent that nobody knows.
 */
export async function killInnerTree(command: InnerVerbs, containerId: string, root: number): Promise<void> {
  const signal = (pids: readonly number[], signal: number) =>
    Promise.all(pids.map((pid) => command.killInner(containerId, pid, signal)));
  const stopped = new Set<number>();
  for (let found = [root]; found.length > 0;) {
    await signal(found, SIGSTOP);
    for (const pid of found) stopped.add(pid);
    const tree = descendants(await command.processes(containerId), root);
    found = [...tree].filter((pid) => !stopped.has(pid));
  }
  await signal([...stopped], SIGKILL);
}

/** `root` and everything below it. @param parents the parent of each pid */
export function descendants(parents: ReadonlyMap<number, number>, root: number): Set<number> {
  const found = new Set([root]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return found;
}

/** Reads the table of the runtime's `ps`: the parent of each pid, as the sandbox counts them. */
export function parseProcessTable(output: string): Map<number, number> {
  const [header = [], ...rows] = output.split('\n').map((line) => line.trim().split(/\s+/));
  const [pid, parent] = [header.indexOf('PID'), header.indexOf('PPID')];
  return new Map(rows.filter((row) => row.length > parent).map((row) => [Number(row[pid]), Number(row[parent])]));
}

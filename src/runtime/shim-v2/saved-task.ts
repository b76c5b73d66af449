// What must be known of a task to go on after a restart of the daemon: kept in its bundle, written before it is used.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { replaceFileSync } from '../../host/atomic-file.ts';
import { shimFiles } from './shim-files.ts';

const Identity = z.strictObject({ pid: z.number(), startTicks: z.string() });

const SavedTask = z.strictObject({
  version: z.literal(1),
  /** Where its shim listens, and the version of the service there; null while the shim is being started. */
  shim: z.strictObject({ socket: z.string(), service: z.union([z.literal(2), z.literal(3)]) }).nullable(),
  /** The shim was started for this task, so it ends with it. */
  ownsShim: z.boolean(),
  /** False: only the place of a pod's shim, in which no task was made. */
  isTask: z.boolean(),
  /** Null: the task has no streams. */
  streams: z
    .strictObject({
      terminal: z.boolean(),
      stdin: z.boolean(),
      stdinOnce: z.boolean(),
      logPath: z.string().nullable(),
      /** Holds the FIFOs open while no daemon does. */
      keeper: Identity.nullable(),
      // Absent in tasks of daemons that had one keeper for everything.
      inputKeeper: Identity.nullable().default(null),
    })
    .nullable(),
  /** How it ended; null while it has not, or nobody has seen it. Times as decimal nanoseconds. */
  exit: z
    .strictObject({ exitCode: z.number(), finishedAt: z.string(), oomKilled: z.boolean(), known: z.boolean() })
    .nullable(),
});
export type SavedTask = z.infer<typeof SavedTask>;

export function saveTask(bundle: string, task: SavedTask): void {
  replaceFileSync(shimFiles(bundle).saved, JSON.stringify(task));
}

/** Undefined when there is none, or when it does not parse: then nothing can be known of the task. */
export async function loadTask(bundle: string): Promise<SavedTask | undefined> {
  try {
    return SavedTask.parse(JSON.parse(await readFile(shimFiles(bundle).saved, 'utf8')));
  } catch {
    return undefined;
  }
}

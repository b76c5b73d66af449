// The names of what lies in the bundle of a task, ours and the shim's.
import { join } from 'node:path';

export interface ShimFiles {
  readonly config: string;
  /** FIFO for the shim's own log: it ends when nobody has it open for reading. */
  readonly log: string;
  /** What we must know to go on after a restart; see SavedTask. */
  readonly saved: string;
  /** FIFOs of the task's streams. */
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Exists when the kernel killed for lack of memory. */
  readonly oom: string;
}

export function shimFiles(bundle: string): ShimFiles {
  return {
    config: join(bundle, 'config.json'),
    log: join(bundle, 'log'),
    saved: join(bundle, 'task.json'),
    stdin: join(bundle, 'stdin'),
    stdout: join(bundle, 'stdout'),
    stderr: join(bundle, 'stderr'),
    oom: join(bundle, 'oom'),
  };
}

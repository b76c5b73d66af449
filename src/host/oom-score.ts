// The OOM score that children are born with: a runtime may leave it as it is.
import { writeFileSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { ownOomScoreAdj } from './procfs.ts';

const FILE = '/proc/self/oom_score_adj';

/**
 * Calls `start` while this process has another OOM score adjustment, for the children that it starts to inherit. Where
 * the kernel does not let us have that one, they get our own.
 */
export function withOomScoreAdj<T>(value: number | undefined, start: () => T): T {
  const own = ownOomScoreAdj();
  if (value === undefined || value === own) return start();
  try {
    writeFileSync(FILE, String(value));
  } catch (error) {
    if (!isErrno(error, 'EACCES')) throw error;
    return start();
  }
  try {
    return start();
  } finally {
    writeFileSync(FILE, String(own));
  }
}

// Sets how much memory a cgroup and all below it may use, swap included.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { controllerPath, unifiedPath, type Hierarchies } from './hierarchies.ts';

/** @param bytes undefined: no limit. @throws the system error EBUSY when more than that is in use and cannot be dropped */
export function limitMemory(hierarchies: Hierarchies, path: string, bytes: number | undefined): void {
  const v1 = controllerPath(hierarchies, 'memory', path);
  if (v1 !== undefined) limitV1(v1, bytes === undefined ? '-1' : String(bytes));
  else limitV2(unifiedPath(hierarchies, path) ?? '', bytes === undefined ? 'max' : String(bytes));
}

// The limit of memory may not be above that of memory and swap: which one goes first depends on the direction.
function limitV1(dir: string, value: string): void {
  const memory = join(dir, 'memory.limit_in_bytes');
  const both = join(dir, 'memory.memsw.limit_in_bytes');
  try {
    writeFileSync(memory, value);
    ifThere(() => writeFileSync(both, value));
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    writeFileSync(both, value);
    writeFileSync(memory, value);
  }
}

function limitV2(dir: string, value: string): void {
  writeFileSync(join(dir, 'memory.max'), value);
  ifThere(() => writeFileSync(join(dir, 'memory.swap.max'), value === 'max' ? value : '0'));
}

// Kernels may do without the accounting of swap.
function ifThere(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'EACCES')) throw error;
  }
}

// Which limits this host's cgroups can hold.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { controllerPath } from './hierarchies.ts';
import type { Hierarchies } from './hierarchies.ts';
import { readText } from './parse.ts';

export interface CgroupFacts {
  /** Swap can be limited. */
  readonly swapAccounting: boolean;
  readonly hugetlb: boolean;
  readonly pids: boolean;
}

/** Reads a few files of the hierarchies' roots. */
export function readFacts(hierarchies: Hierarchies): CgroupFacts {
  // On a hybrid host a controller that is on v2 does not help: the runtimes write limits to v1 there.
  if (hierarchies.version !== 'v2') {
    const memory = controllerPath(hierarchies, 'memory', '/');
    return {
      swapAccounting: memory !== undefined && existsSync(join(memory, 'memory.memsw.limit_in_bytes')),
      hugetlb: hierarchies.controllers.has('hugetlb'),
      pids: hierarchies.controllers.has('pids'),
    };
  }
  const root = hierarchies.unified ?? '';
  const controllers = (readText(root, 'cgroup.controllers') ?? '').split(' ');
  return {
    swapAccounting: controllers.includes('memory') && childrenLimitSwap(root),
    hugetlb: controllers.includes('hugetlb'),
    pids: controllers.includes('pids'),
  };
}

// The root itself has no limits, so look at the cgroups right below it that have the memory controller.
function childrenLimitSwap(root: string): boolean {
  const children = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name))
    .filter((dir) => existsSync(join(dir, 'memory.max')));
  // With none to look at, believe the kernel's default, which is to account swap.
  return children.length === 0 || children.some((dir) => existsSync(join(dir, 'memory.swap.max')));
}

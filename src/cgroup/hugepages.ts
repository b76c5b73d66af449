// Use of huge pages by a cgroup; both generations have a file per page size and differ in the last word of its name.
import { readdirSync } from 'node:fs';
import { readNumber } from './parse.ts';
import type { HugepageUse } from './metrics.ts';

/**
 * Empty without the hugetlb controller.
 *
 * @param dir the cgroup's directory in the hierarchy that has the controller
 * @param maximum the file of the largest use; undefined where the kernel keeps none
 */
export function readHugepages(dir: string | undefined, current: string, maximum: string | undefined): HugepageUse[] {
  return pageSizes(dir, current).flatMap((pageSize) => {
    const usageBytes = readNumber(dir, `hugetlb.${pageSize}.${current}`);
    const maxUsageBytes = maximum === undefined ? undefined : readNumber(dir, `hugetlb.${pageSize}.${maximum}`);
    return usageBytes === undefined ? [] : [{ pageSize, usageBytes, maxUsageBytes }];
  });
}

function pageSizes(dir: string | undefined, current: string): string[] {
  if (dir === undefined) return [];
  try {
    return readdirSync(dir).flatMap((name) => {
      const [, pageSize, file] = /^hugetlb\.(\d+[KMG]B)\.(\w+)$/.exec(name) ?? [];
      return pageSize !== undefined && file === current ? [pageSize] : [];
    });
  } catch {
    return [];
  }
}

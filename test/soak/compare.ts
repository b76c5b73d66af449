// What has grown between two measurements: counts must not, memory may within a bound that tells a leak from noise.
import type { Measured } from './measure.ts';

/**
 * Bytes. The heap after a collection still moves with compiled code and caches that fill up once; a leak grows with the
 * number of execs, and 300 bytes left behind by each of 11,000 would be seen.
 */
const HEAP_BYTES = 3 << 20;
/** Bytes. The allocator keeps pages that were in use at the height of the load, so the bound is wider. */
const PSS_BYTES = 24 << 20;

type Counts = Readonly<Record<string, number>>;

/** One line for each thing that has grown. */
export function growth(before: Measured, after: Measured): readonly string[] {
  return rows(before, after).flatMap(([name, was, is, bound]) =>
    is > was + bound ? [`${name}: ${was} before, ${is} after, ${bound} more allowed`] : [],
  );
}

/** A Markdown table. */
export function table(before: Measured, after: Measured): string {
  const lines = rows(before, after).map(([name, was, is, bound]) => `| ${name} | ${was} | ${is} | +${bound} |`);
  return ['| held | before | after | allowed |', '|---|---|---|---|', ...lines].join('\n');
}

type Row = readonly [name: string, before: number, after: number, bound: number];

function rows(before: Measured, after: Measured): readonly Row[] {
  return [
    ...counted('process', before.processes, after.processes),
    ...counted('descriptor', before.descriptors, after.descriptors),
    ...counted('resource', before.resources, after.resources),
    ...counted('run directory', before.entries, after.entries),
    ['threads', before.threads, after.threads, 0],
    ['mounts', before.mounts, after.mounts, 0],
    ['heap, bytes', before.heapUsedBytes, after.heapUsedBytes, HEAP_BYTES],
    ['PSS, bytes', before.pssBytes, after.pssBytes, PSS_BYTES],
  ];
}

function counted(what: string, before: Counts, after: Counts): readonly Row[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.map((name) => [`${what}: ${name}`, before[name] ?? 0, after[name] ?? 0, 0]);
}

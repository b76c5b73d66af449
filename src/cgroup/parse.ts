// Reads the kernel's small cgroup files. A file that is missing or odd gives undefined: controllers come and go, and a
// cgroup may vanish between two reads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of `dir/name` without the last newline; undefined when there is no such file, or `dir` is undefined. */
export function readText(dir: string | undefined, name: string): string | undefined {
  if (dir === undefined) return undefined;
  try {
    return readFileSync(join(dir, name), 'latin1').trimEnd();
  } catch {
    return undefined;
  }
}

/** A file that holds one number. `max` and other words are undefined. */
export function readNumber(dir: string | undefined, name: string): number | undefined {
  const text = readText(dir, name);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Like `readNumber`, for counters that outgrow a double. */
export function readBigint(dir: string | undefined, name: string): bigint | undefined {
  const text = readText(dir, name);
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

// v1 writes "no limit" as the largest page-aligned number.
const UNLIMITED = 2 ** 62;

/** A file that holds a limit: 0 when it says that there is none. */
export function readLimit(dir: string | undefined, name: string): number | undefined {
  if (readText(dir, name) === 'max') return 0;
  const value = readNumber(dir, name);
  return value !== undefined && value >= UNLIMITED ? 0 : value;
}

/** A flat keyed file: one `key value` a line. Empty when there is none. */
export function readKeyed(dir: string | undefined, name: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of (readText(dir, name) ?? '').split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) values.set(line.slice(0, space), line.slice(space + 1));
  }
  return values;
}

/** One value of a flat keyed file as a number. */
export function numberOf(values: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = values.get(key);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Like `numberOf`, for counters that outgrow a double. */
export function bigintOf(values: ReadonlyMap<string, string>, key: string): bigint | undefined {
  const text = values.get(key);
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/** `a - b`, not below 0; undefined when either is. */
export function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(0, a - b);
}

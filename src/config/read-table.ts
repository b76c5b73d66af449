// Checks one table of the file against its fields and turns it into the code's view.
import type { FileTable } from './documents.ts';
import { fallbackOf, type Fields, type Values } from './field.ts';
import { foreignKeyAdvice } from './foreign-keys.ts';
import { foreignRuntimes } from './foreign-runtimes.ts';
import { nearest } from './nearest.ts';
import type { Places } from './places.ts';
import { keyElsewhere } from './schema.ts';

/** What reading needs besides the table: where defaults come from, and where problems go. */
export interface ReadContext {
  readonly places: Places;
  readonly report: (path: readonly string[], message: string) => void;
}

/**
 * The values of `table`, which is found at `path`; keys in `others` are read elsewhere.
 *
 * Every problem is reported; a value with a problem is undefined, so the result counts only when nothing was reported.
 */
export function readTable<F extends Fields>(
  context: ReadContext,
  path: readonly string[],
  table: FileTable,
  fields: F,
  others: readonly string[] = [],
): Values<F> {
  const known = [...Object.values(fields).map(({ key }) => key), ...others];
  for (const key of Object.keys(table)) {
    if (!known.includes(key)) reportUnknown(context, [...path, key], table[key], known);
  }
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const given = table[field.key] ?? fallbackOf(field, context.places);
    if (given === undefined) continue;
    const result = field.type.safeParse(given);
    if (result.success) values[name] = result.data;
    for (const issue of result.error?.issues ?? []) {
      const item = issue.path.map((index) => `item ${Number(index) + 1} `).join('');
      context.report([...path, field.key], `${item}${issue.message}`);
    }
  }
  return values as Values<F>;
}

/** Reports a key that is not ours, with the cure when it is another runtime's, or the nearest key that is. */
export function reportUnknown(
  context: ReadContext,
  path: readonly string[],
  value: unknown,
  known: readonly string[],
): void {
  const advice = foreignKeyAdvice(path, value);
  if (advice !== undefined) {
    context.report(path, advice);
    for (const runtime of foreignRuntimes(path, value)) context.report(runtime.path, runtime.advice);
    return;
  }
  const key = path.at(-1) ?? '';
  const suggestion = keyElsewhere(key) ?? nearest(key, known);
  const hint = suggestion === undefined ? `known keys: ${known.join(', ')}` : `nearest known key: "${suggestion}"`;
  context.report(path, `unknown key (${hint})`);
}

// One key of the configuration as data: its name in the file, its meaning, its type and its default.
// Reading, printing and documenting are derived from these tables, so that they cannot disagree.
import type { z } from 'zod';
import type { Places } from './places.ts';

/** A value as it stands in the file. */
export type FileValue = string | number | boolean | readonly string[];

export interface Field<T> {
  /** snake_case. */
  readonly key: string;
  /** One line for the operator: meaning, unit, what the default does. */
  readonly doc: string;
  /** From the file's value to the code's. */
  readonly type: z.ZodType<T>;
  /** The default in file form; undefined: the key may be absent, and the code sees undefined. */
  readonly fallback: FileValue | ((places: Places) => FileValue) | undefined;
  /** Shown in the printed default file, commented out, when there is no default. */
  readonly example: FileValue | undefined;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The code's view of a table made of `F`: camelCase names, units in the name. */
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A key with a default. */
export function field<T>(
  key: string,
  fallback: NonNullable<Field<T>['fallback']>,
  type: z.ZodType<T>,
  doc: string,
): Field<T> {
  return { key, doc, type, fallback, example: undefined };
}

/** A key that may be absent; `example` shows how it is written. */
export function optional<T>(key: string, example: FileValue, type: z.ZodType<T>, doc: string): Field<T | undefined> {
  return { key, doc, type, fallback: undefined, example };
}

/** The default of a field in file form, or undefined. */
export function fallbackOf(field: Field<unknown>, places: Places): FileValue | undefined {
  return typeof field.fallback === 'function' ? field.fallback(places) : field.fallback;
}

// The kinds of value a key can have, with messages that say what is expected.
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';

export const text = z.string({ error: 'must be a string' });
export const flag = z.boolean({ error: 'must be true or false' });

/** An absolute path; nothing is said about what is there. */
export const path = text.refine(isAbsolute, { error: 'must be an absolute path' });

/** A program: an absolute path, or a bare name that is looked up in PATH. */
export const program = text.refine((value) => isAbsolute(value) || /^[^/\s]+$/.test(value), {
  error: 'must be an absolute path, or a bare name to be found in PATH',
});

export const address = text.refine((value) => isIP(value) !== 0, { error: 'must be an IP address' });

/** A name of a runtime handler as a RuntimeClass may use it. */
export const handlerName = text.refine(isHandlerName, {
  error: 'must be the name of a [runtimes.NAME] table: lower-case letters, digits and "-"',
});

/** RuntimeClass handlers are DNS labels. */
export function isHandlerName(name: string): boolean {
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}

export function listOf(item: z.ZodType<string>): z.ZodType<readonly string[]> {
  return z.array(item, { error: 'must be a list of strings, such as ["a", "b"]' });
}

export function oneOf<const T extends string>(...values: readonly T[]): z.ZodType<T> {
  return z.enum(values, { error: `must be one of ${values.map((value) => `"${value}"`).join(', ')}` });
}

/** A whole number from `low` to `high`. */
export function integer(low: number, high: number): z.ZodType<number> {
  const error = `must be a whole number from ${low} to ${high}`;
  return z.int({ error }).min(low, { error }).max(high, { error });
}

const LIMITS = 'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack';

/** `name=soft:hard`; -1 means unlimited. */
export const ulimit = text.refine(
  (value) => {
    const match = /^([a-z]+)=(-1|\d+)(?::(-1|\d+))?$/.exec(value);
    return match?.[1] !== undefined && LIMITS.split(' ').includes(match[1]);
  },
  { error: `must be NAME=SOFT:HARD, such as "nofile=1024:4096", with a NAME of ${LIMITS.replaceAll(' ', ', ')}` },
);

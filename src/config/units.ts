// Durations and sizes as people write them: "30s", "1m30s", "16MiB". Milliseconds and bytes inside.
import { z } from 'zod';

const MS_PER_UNIT = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const BYTES_PER_UNIT = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
} as const;

/** Milliseconds of a text such as `1m30s`, or undefined when it is no duration. Units from `h` down to `ms`, each once. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text);
  if (match === null || text === '') return undefined;
  const [, hours = '0', minutes = '0', seconds = '0', millis = '0'] = match;
  const total =
    Number(hours) * MS_PER_UNIT.h +
    Number(minutes) * MS_PER_UNIT.m +
    Number(seconds) * MS_PER_UNIT.s +
    Number(millis) * MS_PER_UNIT.ms;
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

/** Bytes of a text such as `16MiB` or `1.5GB`, or undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(B|[KMGT]i?B)$/.exec(text);
  if (match === null) return undefined;
  const bytes = Math.round(Number(match[1]) * BYTES_PER_UNIT[match[2] as keyof typeof BYTES_PER_UNIT]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function unit(parse: (text: string) => number | undefined, error: string): z.ZodType<number> {
  return z.string({ error }).transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

/** A duration in the file, milliseconds in code. */
export const duration = unit(
  parseDuration,
  'must be a duration in quotes with its unit, such as "30s", "1m30s" or "500ms"',
);

/** A size in the file, bytes in code. */
export const size = unit(parseSize, 'must be a size in quotes with its unit, such as "64MiB", "1.5GB" or "0B"');

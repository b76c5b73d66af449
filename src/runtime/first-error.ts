// Finds the one line of a runtime's log that says what went wrong: the first error, not the last.
import { DaemonError } from '../errors.ts';
import { HINTS } from './hints.ts';

const MAX_LENGTH = 2048;
const SEVERE = new Set(['error', 'fatal', 'panic']);

interface LogLine {
  readonly level: string | undefined;
  readonly message: string;
}

function stringField(object: object, name: string): string | undefined {
  const value: unknown = Object.entries(object).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : undefined;
}

function parseJsonLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const message = stringField(parsed, 'msg');
    return message === undefined ? undefined : { level: stringField(parsed, 'level'), message };
  } catch {
    return undefined;
  }
}

function parseTextLine(line: string): LogLine | undefined {
  const match = /\blevel=(\w+) msg=(?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(line);
  if (match?.[1] === undefined) return undefined;
  return { level: match[1], message: (match[2] ?? match[3] ?? '').replaceAll(/\\(.)/g, '$1') };
}

function parseLine(line: string): LogLine {
  const parsed = parseJsonLine(line) ?? parseTextLine(line);
  return parsed ?? { level: undefined, message: line };
}

/**
 * The first line of level error or worse in a runtime's log (JSON lines, logfmt, or plain text); failing that, the first
 * plain line. Undefined when there is neither. At most 2048 characters.
 */
export function firstError(log: string): string | undefined {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseLine);
  const severe = lines.find((line) => line.level !== undefined && SEVERE.has(line.level.toLowerCase()));
  const plain = lines.find((line) => line.level === undefined);
  return (severe ?? plain)?.message.slice(0, MAX_LENGTH);
}

/** What helps against a runtime's error, where its cause is well known. */
export function cureOf(message: string): string | undefined {
  return HINTS.find(({ pattern }) => pattern.test(message))?.cure;
}

/**
 * The error of a runtime's verb.
 * @param what what was being done to what, such as `runtime "runc" start of container "x"`
 * @param reason the runtime's own first error
 */
export function runtimeFailure(what: string, reason: string): DaemonError {
  return new DaemonError('unknown', `${what}: ${reason}`, undefined, cureOf(reason));
}

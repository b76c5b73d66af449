// The debug log that gVisor's processes write where the handler's args say `--debug-log`: what they said of a failure.
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { flagValue } from '../go-flags.ts';
import { lastLines } from '../last-lines.ts';

/** What a directory stands for. */
const DEFAULT_NAME = 'runsc.log.%TIMESTAMP%.%COMMAND%.txt';
const PLACEHOLDER = /%[A-Z]+%/;
const PART_BYTES = 8192;
const MAX_FILES = 4;
/** The clock that stamps files ticks at most so often, in milliseconds. */
const TICK_MS = 20;

/**
 * The last lines of each file of the debug log that is about a container, by the file's name.
 *
 * The log is the operator's: it may hold other containers' files, and those of earlier calls.
 * @param args the handler's global flags; without an absolute `--debug-log` there is nothing
 * @param since milliseconds since the epoch: files that were not written to after that are not read
 */
export async function debugLogEnd(
  args: readonly string[],
  containerId: string,
  since: number,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const value = flagValue(args, 'debug-log');
  if (value === undefined || !isAbsolute(value)) return {};
  const pattern = value.endsWith('/') ? `${value}${DEFAULT_NAME}` : value;
  const directory = dirname(pattern);
  if (PLACEHOLDER.test(directory)) return {};
  const paths = (await readdir(directory).catch((): string[] => []))
    .filter((name) => fits(name, basename(pattern)))
    .map((name) => join(directory, name));
  const written = await Promise.all(paths.map(async (path) => ({ path, at: await changedAt(path) })));
  const recent = written.filter(({ at }) => at >= since - TICK_MS).sort((a, b) => b.at - a.at);
  const ends: Record<string, readonly string[]> = {};
  for (const { path } of recent) {
    if (Object.keys(ends).length === MAX_FILES) break;
    const { head, tail } = await readEnds(path).catch(() => ({ head: '', tail: '' }));
    // The command line is at the beginning; a sandbox that is told of a container names it at the end.
    if (head.includes(containerId) || tail.includes(containerId)) ends[basename(path)] = lastLines(tail);
  }
  return ends;
}

function fits(name: string, pattern: string): boolean {
  const parts = pattern.split(PLACEHOLDER).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function changedAt(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

async function readEnds(path: string): Promise<{ head: string; tail: string }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const part = async (position: number): Promise<string> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PART_BYTES), 0, PART_BYTES, position);
      return buffer.toString('utf8', 0, bytesRead);
    };
    return { head: await part(0), tail: await part(Math.max(0, size - PART_BYTES)) };
  } finally {
    await file.close();
  }
}

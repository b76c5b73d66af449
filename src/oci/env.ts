// The environment of a container's first process.
import { invalidArgument } from '../errors.ts';
import type { KeyValue } from '../gen/runtime/v1/KeyValue.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface EnvInput {
  readonly tty: boolean;
  /** What the container sees as its host name; '' sets no HOSTNAME. */
  readonly hostname: string;
  /** `NAME=value` lines from the daemon's config. */
  readonly defaults: readonly string[];
  readonly image: readonly string[];
  readonly pod: readonly KeyValue[];
}

/**
 * Later sources win: PATH, TERM and HOSTNAME, the daemon's defaults, the image, the pod. A variable keeps the place
 * where it first appeared.
 * @throws invalid-argument for a name or value that config.json cannot hold
 */
export function processEnv({ tty, hostname, defaults, image, pod }: EnvInput): string[] {
  const lines = [
    DEFAULT_PATH,
    ...(tty ? ['TERM=xterm'] : []),
    ...(hostname === '' ? [] : [`HOSTNAME=${hostname}`]),
    ...defaults,
    ...image,
    ...pod.map(toLine),
  ];
  const byName = new Map<string, string>();
  for (const line of lines) {
    const end = line.indexOf('=');
    // Old image builders left names without a value; such a variable is not set.
    if (end > 0) byName.set(line.slice(0, end), line);
  }
  return [...byName.values()];
}

function toLine({ key, value }: KeyValue): string {
  if (key === '') throw invalidArgument('an environment variable has an empty name');
  if (key.includes('=')) throw invalidArgument(`environment variable "${key}" has "=" in its name`);
  const text = decode(key, value);
  if (key.includes('\0') || text.includes('\0')) {
    throw invalidArgument(`environment variable "${key.replaceAll('\0', '?')}" holds a NUL byte`);
  }
  return `${key}=${text}`;
}

function decode(key: string, value: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch (error) {
    // config.json is JSON, and JSON strings are Unicode.
    throw invalidArgument(`the value of environment variable "${key}" is not valid UTF-8`, error);
  }
}

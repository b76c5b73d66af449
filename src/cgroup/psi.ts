// Pressure stall information. Only the v2 hierarchy has it, which hybrid hosts mount as well.
import { readText } from './parse.ts';
import type { Pressure, PressureLine } from './stats.ts';

/** @param dir the cgroup in the v2 hierarchy */
export function readPressure(dir: string | undefined, resource: 'cpu' | 'memory' | 'io'): Pressure | undefined {
  const text = readText(dir, `${resource}.pressure`);
  const some = parseLine(text, 'some');
  return some === undefined ? undefined : { some, full: parseLine(text, 'full') };
}

function parseLine(text: string | undefined, kind: 'some' | 'full'): PressureLine | undefined {
  const pattern = new RegExp(`^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`, 'm');
  const [, avg10, avg60, avg300, total] = pattern.exec(text ?? '') ?? [];
  if (total === undefined) return undefined;
  return { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), totalMicros: BigInt(total) };
}

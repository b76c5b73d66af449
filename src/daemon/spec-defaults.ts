// The daemon's defaults of every container, from its configuration.
import type { Config } from '../config/schema.ts';
import type { Ulimit } from '../oci/rlimits.ts';
import type { SpecDefaults } from '../oci/spec-input.ts';

function toUlimit(text: string): Ulimit {
  const [name = '', limits = ''] = text.split('=', 2);
  const [soft = '', hard = soft] = limits.split(':', 2);
  return { name, soft: toLimit(soft), hard: toLimit(hard) };
}

function toLimit(text: string): number {
  return text === 'unlimited' ? -1 : Number(text);
}

export function specDefaults({ cri }: Config): SpecDefaults {
  return {
    ulimits: cri.defaultUlimits.map(toUlimit),
    pidsLimit: cri.pidsLimit === 0 ? undefined : cri.pidsLimit,
    env: [],
  };
}

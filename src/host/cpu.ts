// Which variant of its architecture this host's processor is, as images name them.
import { readFileSync } from 'node:fs';

// Each level of x86-64 has these beside those of the levels below. @see x86-64 psABI, "Micro-Architecture Levels"
const X86_64_LEVELS = [
  { variant: 'v2', flags: 'cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3' },
  { variant: 'v3', flags: 'avx avx2 bmi1 bmi2 f16c fma abm movbe xsave' },
  { variant: 'v4', flags: 'avx512f avx512bw avx512cd avx512dq avx512vl' },
];

/**
 * The variant behind the text of /proc/cpuinfo, undefined where the architecture has none.
 * @param architecture in OCI's words
 */
export function cpuVariant(architecture: string, cpuinfo: string): string | undefined {
  if (architecture === 'amd64') {
    const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/));
    const missing = X86_64_LEVELS.findIndex((level) => level.flags.split(' ').some((flag) => !flags.has(flag)));
    return missing === 0 ? 'v1' : (X86_64_LEVELS.at(missing < 0 ? -1 : missing - 1)?.variant ?? 'v1');
  }
  if (architecture === 'arm64') return 'v8';
  if (architecture !== 'arm') return undefined;
  const version = /^CPU architecture\s*:\s*(\d+)/m.exec(cpuinfo)?.[1] ?? '7';
  return `v${Math.min(Number(version), 8)}`;
}

/** `cpuVariant` of this host; reads /proc once. */
export function hostCpuVariant(architecture: string): string | undefined {
  return cpuVariant(architecture, readFileSync('/proc/cpuinfo', 'utf8'));
}

// Resource limits of a container's first process, from the daemon's defaults.
import { invalidArgument } from '../errors.ts';
import type { Process } from './types.ts';

/** One default limit: `nofile` or `RLIMIT_NOFILE`; -1 is unlimited. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

const NAMES = [
  ...['AS', 'CORE', 'CPU', 'DATA', 'FSIZE', 'LOCKS', 'MEMLOCK', 'MSGQUEUE', 'NICE', 'NOFILE', 'NPROC', 'RSS'],
  ...['RTPRIO', 'RTTIME', 'SIGPENDING', 'STACK'],
].map((name) => `RLIMIT_${name}`);

// RLIM_INFINITY is 2^64 - 1, which no JavaScript number holds exactly; beyond it the runtimes cannot parse the file.
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** `process.rlimits`. @throws invalid-argument for a name Linux does not have or a soft limit above the hard one */
export function processRlimits(ulimits: readonly Ulimit[]): NonNullable<Process['rlimits']> {
  return ulimits.map(({ name, soft, hard }) => {
    const type = `RLIMIT_${name.toUpperCase().replace(/^RLIMIT_/, '')}`;
    if (!NAMES.includes(type)) throw invalidArgument(`unknown ulimit "${name}"`);
    const limits = { soft: soft < 0 ? UNLIMITED : soft, hard: hard < 0 ? UNLIMITED : hard };
    if (limits.soft > limits.hard) throw invalidArgument(`ulimit "${name}": soft ${soft} is above hard ${hard}`);
    return { type, ...limits };
  });
}

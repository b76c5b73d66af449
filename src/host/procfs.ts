// Facts about processes and the host, read from /proc.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { internal } from '../errors.ts';

/** A process named so that it cannot be confused with a later one of the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot, field 22 of /proc/PID/stat. */
  readonly startTicks: string;
}

interface ProcStat {
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  readonly startTicks: string;
}

function readStat(pid: number): ProcStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command name is in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, , session] = fields;
  const startTicks = fields[19];
  if (state === undefined || parent === undefined || session === undefined || startTicks === undefined)
    return undefined;
  return { state, parent: Number(parent), session: Number(session), startTicks };
}

/** The identity of a live process, or undefined when there is none; zombies count as dead. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat === undefined || stat.state === 'Z' || stat.state === 'X'
    ? undefined
    : { pid, startTicks: stat.startTicks };
}

/** Whether this very process is alive; a zombie, or another process with its pid, is not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTicks === identity.startTicks;
}

/** The pid of a process's parent, or undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  return readStat(pid)?.parent;
}

/** The session id of a process, or undefined when there is no such process. */
export function sessionOf(pid: number): number | undefined {
  return readStat(pid)?.session;
}

/**
 * Whether a process that was told to stop makes no step any more: it is stopped, ended, gone, or waits where no signal
 * reaches it, as a parent does for the child of a vfork that was stopped first.
 */
export function isStill(pid: number): boolean {
  const state = readStat(pid)?.state;
  return state === undefined || 'DTtZX'.includes(state);
}

/** The pids of our own children that ended and were not reaped; none where the kernel keeps no list of children. */
export function zombieChildren(): number[] {
  const path = `/proc/self/task/${process.pid}/children`;
  if (!existsSync(path)) return [];
  return readFileSync(path, 'latin1')
    .split(' ')
    .filter((text) => text !== '' && readStat(Number(text))?.state === 'Z')
    .map(Number);
}

/** A process's arguments, argv[0] first; empty when there is no such process. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** The paths of a process's cgroups, one for each hierarchy; empty when there is no such process, or a dead one. */
export function cgroupsOf(pid: number): string[] {
  if (identifyProcess(pid) === undefined) return [];
  try {
    const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
    return lines.flatMap((line) => /^\d+:[^:]*:(.*)$/.exec(line)?.[1] ?? []);
  } catch {
    return [];
  }
}

/** A random id that changes with every boot of the host. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** The process's umask, read without changing it for a moment as the system call does. */
export function processUmask(): number {
  const line = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  if (line?.[1] === undefined) throw internal('/proc/self/status has no Umask');
  return Number.parseInt(line[1], 8);
}

/** The daemon's own bounding set of capabilities, as a bit mask. */
export function boundingCapabilities(): bigint {
  const line = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  return line?.[1] === undefined ? 0n : BigInt(`0x${line[1]}`);
}

/** The daemon's own OOM score adjustment. */
export function ownOomScoreAdj(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'latin1'));
}

/** All pids of the host. */
export function listPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

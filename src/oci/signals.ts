// Signal names of the CRI and of image configs, and the Linux numbers behind them.
import { invalidArgument } from '../errors.ts';
import { Signal } from '../gen/runtime/v1/Signal.ts';

/** The number sent to stop a container when neither the pod nor the image names a signal. */
export const SIGTERM = 15;

// Real-time signals as programs see them: the C library keeps 32 and 33 for itself.
const RTMIN = 34;
const RTMAX = 64;

// Of two names with one number the first is the one reported back.
const NUMBERS: Readonly<Record<string, number>> = {
  ...{ HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, IOT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11 },
  ...{ USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, STKFLT: 16, CHLD: 17, CLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21 },
  ...{ TTOU: 22, URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, IO: 29, POLL: 29, PWR: 30, SYS: 31 },
};

function realTimeNumber(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (match === null) return undefined;
  const [, base, sign, offset = '0'] = match;
  if ((base === 'MIN' && sign === '-') || (base === 'MAX' && sign === '+')) return undefined;
  const number = base === 'MIN' ? RTMIN + Number(offset) : RTMAX - Number(offset);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

/** @returns undefined for SIGNAL_RUNTIME_DEFAULT: the image decides */
export function signalNumber(signal: Signal): number | undefined {
  if (signal === 'SIGNAL_RUNTIME_DEFAULT') return undefined;
  return parseSignal(signal.slice('SIGNAL_'.length).replace('PLUS', '+').replace('MINUS', '-'));
}

/**
 * Parses an image's StopSignal: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`.
 * @throws invalid-argument for a name or number Linux does not have
 */
export function parseSignal(text: string): number {
  const name = text.trim().toUpperCase().replace(/^SIG/, '');
  const number = /^\d+$/.test(name) ? Number(name) : (NUMBERS[name] ?? realTimeNumber(name));
  if (number === undefined || number < 1 || number > RTMAX) throw invalidArgument(`unknown signal "${text}"`);
  return number;
}

const NAMES: ReadonlyMap<number, Signal> = new Map(
  Object.values(Signal)
    .map((name): [number | undefined, Signal] => [signalNumber(name), name])
    .filter((pair): pair is [number, Signal] => pair[0] !== undefined)
    // A Map keeps the last of equal keys, so the less usual names of one number go first.
    .sort(([, a], [, b]) => Number(isAlias(b)) - Number(isAlias(a))),
);

function isAlias(name: Signal): boolean {
  return ['SIGNAL_SIGCLD', 'SIGNAL_SIGIOT', 'SIGNAL_SIGPOLL'].includes(name);
}

/** The CRI's name of a Linux signal; numbers it has no name for are SIGNAL_RUNTIME_DEFAULT. */
export function signalName(number: number): Signal {
  return NAMES.get(number) ?? 'SIGNAL_RUNTIME_DEFAULT';
}

/** The signal that stops a container: the pod's choice, else the image's, else SIGTERM. */
export function stopSignal(requested: Signal, imageStopSignal: string): number {
  return signalNumber(requested) ?? (imageStopSignal === '' ? SIGTERM : parseSignal(imageStopSignal));
}

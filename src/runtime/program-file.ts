// What kind of file a program is, told by its first bytes: for this CPU or another one, complete or not.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { failedPrecondition } from '../errors.ts';

const HEADER_BYTES = 64 * 1024;
const PT_INTERP = 3;

/** Machine numbers of ELF by the names that distributions use. @see elf(5), e_machine */
const MACHINES: Readonly<Record<number, string>> = {
  0x03: 'i386',
  0x15: 'ppc64le',
  0x16: 's390x',
  0x28: 'arm',
  0x3e: 'amd64',
  0xb7: 'arm64',
  0xf3: 'riscv64',
};

/** What each of Node's architectures runs, its own name first. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  x64: ['amd64', 'i386'],
  arm64: ['arm64', 'arm'],
  ppc64: ['ppc64le'],
  s390x: ['s390x'],
  riscv64: ['riscv64'],
};

export type ProgramFile =
  | { readonly kind: 'elf'; readonly machine: string; readonly interpreter: string | undefined }
  | { readonly kind: 'script'; readonly interpreter: string }
  | { readonly kind: 'other' };

/** Reads the beginning of a program. */
export function parseProgram(head: Buffer): ProgramFile {
  if (head.length >= 64 && head.readUInt32BE(0) === 0x7f454c46) return parseElf(head);
  if (head.subarray(0, 2).toString('latin1') !== '#!') return { kind: 'other' };
  const line = head.subarray(2, 512).toString('utf8').split('\n')[0] ?? '';
  return { kind: 'script', interpreter: line.trim().split(/\s+/)[0] ?? '' };
}

function parseElf(head: Buffer): ProgramFile {
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  const half = (at: number): number => (isLittle ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const word = (at: number): number => (isLittle ? head.readUInt32LE(at) : head.readUInt32BE(at));
  // Offsets that matter are in the first pages: the lower half of a 64-bit number is all of it.
  const long = (at: number): number => word(is64 && !isLittle ? at + 4 : at);
  const number = half(18);
  const machine = MACHINES[number] ?? `machine ${number}`;
  const [table, size, count] = is64 ? [long(32), half(54), half(56)] : [word(28), half(42), half(44)];
  for (let at = table; at < table + size * count && at + size <= head.length; at += size) {
    if (word(at) !== PT_INTERP) continue;
    const [start, length] = is64 ? [long(at + 8), long(at + 32)] : [word(at + 4), word(at + 16)];
    const interpreter = head
      .subarray(start, start + length)
      .toString('utf8')
      .replace(/\0.*$/s, '');
    return { kind: 'elf', machine, interpreter };
  }
  return { kind: 'elf', machine, interpreter: undefined };
}

/**
 * Refuses a program that the kernel could not run, without running it.
 * @throws failed-precondition with the cure
 */
export function checkProgramFile(path: string): void {
  const file = parseProgram(readHead(path));
  const what = `program "${path}"`;
  if (file.kind === 'other') {
    throw failedPrecondition(
      `${what} is neither an ELF program nor a script`,
      undefined,
      'correct the path, or install the program anew; a script begins with "#!" and its interpreter',
    );
  }
  const runs = RUNS[process.arch];
  if (file.kind === 'elf' && runs !== undefined && !runs.includes(file.machine)) {
    const cure = `install the build for ${runs[0] ?? process.arch}`;
    throw failedPrecondition(`${what} is built for ${file.machine}, and this host is ${runs[0]}`, undefined, cure);
  }
  if (file.interpreter === undefined || statSync(file.interpreter, { throwIfNoEntry: false })?.isFile() === true)
    return;
  const cure =
    file.kind === 'script'
      ? "install the interpreter, or correct the script's first line"
      : 'install the C library it was built with, or a static build of it';
  throw failedPrecondition(`${what} needs "${file.interpreter}", which does not exist`, undefined, cure);
}

function readHead(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

// The pause program: a static ELF of some 200 bytes that crisol writes itself, so that no image pull stands between a
// node and its first pod. As pid 1 of the pod's pid namespace it ignores SIGCHLD, which makes the kernel reap every
// orphan, and sleeps for ever; SIGKILL ends it.
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failedPrecondition } from '../errors.ts';
import { replaceFileSync } from '../host/atomic-file.ts';

interface Machine {
  /** ELF e_machine. */
  readonly id: number;
  /** Position-independent instructions, one a row, padded so that the sigaction that follows is aligned to 8 bytes. */
  readonly code: readonly string[];
}

const MACHINES: Readonly<Record<string, Machine>> = {
  x64: {
    id: 62,
    code: [
      'bf11000000', //         mov edi, SIGCHLD
      '488d351c000000', //     lea rsi, [rip + action]
      '31d2', //               xor edx, edx
      '41ba08000000', //       mov r10d, 8
      'b80d000000', //         mov eax, rt_sigaction
      '0f05', //               syscall
      'b822000000', //   loop: mov eax, pause
      '0f05', //               syscall
      'ebf7', //               jmp loop
      '0f1f4000', //           nop
    ],
  },
  arm64: {
    id: 183,
    code: [
      '200280d2', //       mov x0, SIGCHLD
      'a1010010', //       adr x1, action
      '020080d2', //       mov x2, 0
      '030180d2', //       mov x3, 8
      'c81080d2', //       mov x8, rt_sigaction
      '010000d4', //       svc 0
      '000080d2', // loop: mov x0, 0
      '010080d2', //       mov x1, 0
      '020080d2', //       mov x2, 0
      '030080d2', //       mov x3, 0
      '280980d2', //       mov x8, ppoll
      '010000d4', //       svc 0
      'faffff17', //       b loop
      '1f2003d5', //       nop
    ],
  },
};

/** struct sigaction: SIG_IGN, SA_NOCLDWAIT, no restorer, empty mask. */
function sigaction(): Buffer {
  const action = Buffer.alloc(32);
  action.writeBigUInt64LE(1n, 0);
  action.writeBigUInt64LE(2n, 8);
  return action;
}

const BASE = 0x400000;
const HEADERS_BYTES = 64 + 56;

/** The program's bytes for an architecture as Node names it. @throws failed-precondition for one without a program */
export function pauseProgram(architecture: string): Buffer {
  const machine = MACHINES[architecture];
  if (machine === undefined) {
    throw failedPrecondition(`no pause program for architecture "${architecture}": configure cri.pause_image`);
  }
  const body = Buffer.concat([Buffer.from(machine.code.join(''), 'hex'), sigaction()]);
  const size = HEADERS_BYTES + body.length;
  const headers = Buffer.alloc(HEADERS_BYTES);
  headers.write('7f454c46020101', 0, 'hex'); // ELF, 64 bit, little endian
  headers.writeUInt16LE(2, 16); // executable
  headers.writeUInt16LE(machine.id, 18);
  headers.writeUInt32LE(1, 20);
  headers.writeBigUInt64LE(BigInt(BASE + HEADERS_BYTES), 24); // entry
  headers.writeBigUInt64LE(64n, 32); // program headers
  headers.writeUInt16LE(64, 52);
  headers.writeUInt16LE(56, 54);
  headers.writeUInt16LE(1, 56);
  headers.writeUInt32LE(1, 64); // one segment, loaded
  headers.writeUInt32LE(5, 68); // readable, executable
  headers.writeBigUInt64LE(BigInt(BASE), 80);
  headers.writeBigUInt64LE(BigInt(BASE), 88);
  headers.writeBigUInt64LE(BigInt(size), 96);
  headers.writeBigUInt64LE(BigInt(size), 104);
  headers.writeBigUInt64LE(4096n, 112);
  return Buffer.concat([headers, body]);
}

/**
 * Writes the root file system of pause containers: the program, and the directories a runtime mounts on. One that is
 * there and whole is left as it is; an older version's program is replaced.
 */
export function writePauseRootfs(directory: string): void {
  const program = pauseProgram(process.arch);
  if (isWhole(join(directory, 'pause'), program)) return;
  for (const name of ['proc', 'dev', 'sys', 'etc']) mkdirSync(join(directory, name), { recursive: true });
  replaceFileSync(join(directory, 'pause'), program, 0o755);
  chmodSync(join(directory, 'pause'), 0o755);
}

function isWhole(path: string, program: Buffer): boolean {
  return existsSync(path) && readFileSync(path).equals(program);
}

// Loads the C library once and binds functions of it; used by kernel.ts and spawn.ts only.
import { existsSync } from 'node:fs';
import koffi from 'koffi';

const library = koffi.load(existsSync('/lib/ld-musl-x86_64.so.1') ? 'libc.so' : 'libc.so.6');

export type LibcFunction = (...args: unknown[]) => number;

/** Binds one C function. Signatures are the safety: no pointer type may take a number. */
export function bind(signature: string): LibcFunction {
  return library.func(signature);
}

/** Where a buffer lies in memory, for structures that point to others. The buffer must outlive the call. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer);
}

/** The calling thread's errno, valid right after a failed call. */
export function lastErrno(): number {
  return koffi.errno();
}

export const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(koffi.os.errno).map(([name, value]) => [value, name]),
);

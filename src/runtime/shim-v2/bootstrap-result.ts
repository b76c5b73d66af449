// Reads what `shim start` prints: where the shim listens and which version of the task service it serves.
import { z } from 'zod';
import { DaemonError, errorMessage } from '../../errors.ts';
import type { Protocol } from './protocol.ts';

export interface Bootstrap {
  /** Of the task service: 2 or 3. */
  readonly version: 2 | 3;
  /** Absolute path of the shim's socket. */
  readonly socket: string;
}

const JsonResult = z.looseObject({
  version: z.number(),
  address: z.string(),
  protocol: z.string().optional(),
});

interface Result {
  readonly version: number;
  readonly address: string;
  readonly protocol: string;
}

const SHOWN_BYTES = 120;

/**
 * Three forms are in use: a bare address, JSON, and since containerd 2.3 a protobuf message.
 * @throws unknown that quotes what was printed and cannot be used
 */
export function parseBootstrap(protocol: Protocol, output: Buffer): Bootstrap {
  const { version, address, protocol: wire } = readResult(protocol, output);
  if (version !== 2 && version !== 3)
    throw refuse(`it serves version ${version} of the task service; crisol speaks 2 and 3`);
  if (wire !== '' && wire !== 'ttrpc') throw refuse(`it speaks ${quote(wire)}; crisol speaks ttrpc`);
  return { version, socket: socketPath(address) };
}

function readResult(protocol: Protocol, output: Buffer): Result {
  const text = output.toString('utf8').trim();
  if (text === '') throw refuse('it printed no address');
  if (text.startsWith('{')) return readJson(text);
  if (/^[a-z]+:\/\//.test(text) || text.startsWith('/') || text.startsWith('@'))
    return { version: 2, address: text, protocol: 'ttrpc' };
  try {
    const result = protocol.decode<Result>('containerd.runtime.bootstrap.v1.BootstrapResult', output);
    if (result.address !== '') return result;
  } catch {
    // Told below.
  }
  throw refuse(`it printed ${quote(text)} where its address was expected: this is no containerd shim`);
}

function readJson(text: string): Result {
  try {
    const { version, address, protocol = 'ttrpc' } = JsonResult.parse(JSON.parse(text));
    return { version, address, protocol };
  } catch (error) {
    throw refuse(`it printed ${quote(text)}, which is not understood: ${errorMessage(error)}`);
  }
}

function socketPath(address: string): string {
  const path = address.startsWith('unix://') ? address.slice('unix://'.length) : undefined;
  if (path?.startsWith('/') === true) return path;
  // The shims of containerd 1.3 and Kata 1 print the name of an abstract socket as if it were a path.
  const abstract = path === undefined ? /^[@/\0]/.test(address) : /^[@\0]/.test(path);
  if (abstract)
    throw refuse(
      `it listens at the abstract socket ${quote(address)}; use a release that listens at a path (Kata 2, containerd 1.4, or later)`,
    );
  throw refuse(`it listens at ${quote(address)}; crisol connects to unix:// addresses only`);
}

function refuse(why: string): DaemonError {
  return new DaemonError('unknown', why);
}

function quote(text: string): string {
  const shown = text.length > SHOWN_BYTES ? `${text.slice(0, SHOWN_BYTES)}...` : text;
  return JSON.stringify(shown);
}

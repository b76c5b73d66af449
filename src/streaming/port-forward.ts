// One forwarded connection: a client's data stream joined with a port of the pod.
import { pipeline } from 'node:stream/promises';
import type { Duplex, Writable } from 'node:stream';
import { errorMessage } from '../errors.ts';
import type { StreamRuntime } from './session.ts';

export interface ForwardedPort {
  readonly runtime: StreamRuntime;
  readonly sandboxId: string;
  readonly port: number;
  readonly data: Duplex;
  /** Told in words what went wrong; ended in any case. */
  readonly error: Writable;
}

/** Moves bytes both ways until both sides have ended, each in its own time. Never rejects. */
export async function forwardPort({ runtime, sandboxId, port, data, error }: ForwardedPort): Promise<void> {
  let target: Duplex;
  try {
    target = await runtime.connect(sandboxId, port);
  } catch (reason) {
    if (error.writable) error.end(`error forwarding port ${port} to pod ${sandboxId}: ${errorMessage(reason)}`);
    data.destroy();
    return;
  }
  // A connection that breaks is told by its streams breaking: a word on the error stream would end all the others.
  await Promise.allSettled([pipeline(data, target), pipeline(target, data)]);
  target.destroy();
  if (!error.destroyed) error.end();
}

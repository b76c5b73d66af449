// Connects a client with a task's first process: hears what the output thread copies, and writes to its input FIFO.
import { deferred } from '../../async/deferred.ts';
import { DaemonError, failedPrecondition } from '../../errors.ts';
import { AttachOutput } from '../attach-output.ts';
import type { ContainerRef, ProcessStreams } from '../driver.ts';
import { InputFifo } from './input-fifo.ts';
import { endInputKeeper } from './keeper.ts';
import type { OutputHub } from './output/output-hub.ts';
import type { SavedTask } from './saved-task.ts';
import { shimFiles } from './shim-files.ts';
import type { TaskClient } from './task-client.ts';

export interface AttachDeps {
  readonly hub: OutputHub;
  readonly tasks: TaskClient;
  readonly controlMs: number;
}

/** @see RuntimeDriver.attach */
export async function attach(
  { hub, tasks, controlMs }: AttachDeps,
  container: ContainerRef,
  saved: SavedTask,
  streams: ProcessStreams,
): Promise<void> {
  const { id } = container;
  const ended = deferred<undefined>();
  const output = new AttachOutput(streams);
  const attachment = await hub.attach(id, {
    take: (packet) => output.take(packet),
    end: () => ended.resolve(undefined),
  });
  if (attachment === undefined || saved.streams === null) {
    output.close();
    throw failedPrecondition(`container "${id}" has no output to attach to: it has ended`);
  }
  const goAway = () => ended.reject(new DaemonError('cancelled', `attach to "${id}": the client has gone`));
  output.onRoom(() => attachment.resume());
  output.onStuck((error) => ended.reject(error));
  streams.signal.addEventListener('abort', goAway);
  if (streams.signal.aborted) goAway();
  if (saved.streams.terminal) {
    streams.onResize(({ rows, columns }) => {
      tasks.call('ResizePty', { id, width: columns, height: rows }, { timeoutMs: controlMs }).catch(() => undefined);
    });
  }
  const { stdinOnce, inputKeeper } = saved.streams;
  const input =
    saved.streams.stdin && streams.stdin !== undefined ? new InputFifo(shimFiles(container.bundle).stdin) : undefined;
  const closeInput = async () => {
    await input?.finish();
    if (!stdinOnce) return;
    await tasks.call('CloseIO', { id, stdin: true }, { timeoutMs: controlMs });
    await endInputKeeper(container.bundle, inputKeeper ?? undefined);
  };
  if (input !== undefined) {
    streams.stdin?.pipe(input.socket, { end: false });
    streams.stdin?.once('end', () => void closeInput().catch(() => undefined));
    // The first client that leaves takes the input with it.
    streams.stdin?.once('close', () => void closeInput().catch(() => undefined));
  }
  try {
    await ended.promise;
    output.end();
  } finally {
    streams.signal.removeEventListener('abort', goAway);
    if (input !== undefined) streams.stdin?.unpipe(input.socket);
    streams.stdin?.resume();
    if (stdinOnce && input !== undefined) await closeInput().catch(() => undefined);
    input?.close();
    attachment.detach();
    output.close();
  }
}

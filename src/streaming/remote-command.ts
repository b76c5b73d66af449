// Exec and attach, whatever protocol brought the client here: run, then tell how it ended.
import { finished } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { orAbort } from '../async/abort.ts';
import { TerminalSizes } from './resize.ts';
import type { ClientStreams, ProcessRequest, StreamRuntime } from './session.ts';
import { formatStatus, type Outcome, type StatusForm } from './status.ts';

/** The streams of one client; those it did not ask for are undefined. */
export interface Channels {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly resize: Readable | undefined;
  readonly error: Writable;
}

export interface RemoteCommand {
  readonly runtime: StreamRuntime;
  readonly request: ProcessRequest;
  readonly channels: Channels;
  readonly statusForm: StatusForm;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** Serves one client; when this returns everything has been written to it. @throws cancelled when it has gone */
export async function serveRemoteCommand(command: RemoteCommand): Promise<Outcome> {
  const { channels, statusForm, signal } = command;
  const { stdin, stdout, stderr, error } = channels;
  const sizes = new TerminalSizes(channels.resize);
  const onResize = (listener: Parameters<typeof sizes.onResize>[0]) => sizes.onResize(listener);
  const outcome = await run(command, { stdin, stdout, stderr, onResize, signal });
  await orAbort(Promise.all([end(stdout), end(stderr)]), signal);
  error.write(formatStatus(outcome, statusForm));
  await orAbort(end(error), signal);
  return outcome;
}

async function run({ runtime, request }: RemoteCommand, streams: ClientStreams): Promise<Outcome> {
  try {
    if (request.kind === 'exec') return { exitCode: await runtime.exec(request, streams) };
    await runtime.attach(request, streams);
    return { exitCode: 0 };
  } catch (error) {
    return { error };
  }
}

async function end(sink: Writable | undefined): Promise<void> {
  if (sink === undefined || sink.destroyed) return;
  if (!sink.writableEnded) sink.end();
  // A client may reset a stream that it has lost interest in.
  await finished(sink, { readable: false }).catch(() => undefined);
}

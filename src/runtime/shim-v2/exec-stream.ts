// Runs a program in a container through its shim with a client's streams.
import { Socket } from 'node:net';
import { orAbort } from '../../async/abort.ts';
import { OutputPump } from '../../host/output-pump.ts';
import { sleep } from '../../async/timeout.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef, ProcessStreams, TerminalSize } from '../driver.ts';
import { ExecFifos } from './exec-fifos.ts';
import { ExecProcess, type ExecDeps } from './exec-process.ts';
import type { InputFifo } from './input-fifo.ts';

const HANGUP = 1;
/** A background child may hold the output open; the shim hands over within moments. */
const QUIET_MS = 200;
/** Nothing must come for so long before the output counts as complete although a background child still holds it. */
const HELD_MS = 1000;

/** @throws cancelled when the client has gone; unknown with the runtime's first error */
export async function execStream(
  deps: ExecDeps,
  container: ContainerRef,
  process: Process,
  streams: ProcessStreams,
): Promise<number> {
  const { terminal } = process;
  const fifos = new ExecFifos(container.bundle, { terminal, stdin: streams.stdin !== undefined });
  const sources = [fifos.stdout, fifos.stderr].flatMap((fd) =>
    fd === undefined ? [] : [new Socket({ fd, readable: true, writable: false })],
  );
  const exec = new ExecProcess(deps, container, fifos.execId);
  let size: TerminalSize | undefined;
  streams.onResize((now) => {
    size = now;
    if (terminal) exec.resize(now.rows, now.columns);
  });
  try {
    const spec = size === undefined || !terminal ? process : { ...process, consoleSize: consoleSize(size) };
    await exec.start(spec, fifos);
    if (size !== undefined && terminal) exec.resize(size.rows, size.columns);
    const sinks = [streams.stdout, streams.stderr];
    const pumps = sources.map((source, index) => new OutputPump(source, sinks[index]));
    feedInput(streams, fifos, exec);
    const exited = exec.wait();
    const exitCode = await orAbort(exited, streams.signal).catch((error: unknown) => {
      void abandon(exec, exited, sources, terminal);
      throw error;
    });
    const forgotten = exec.forget();
    await orAbort(Promise.race([ended(sources), forgotten, quiet(sources)]), streams.signal);
    await orAbort(Promise.all(pumps.map((pump) => pump.finish(QUIET_MS))), streams.signal);
    sources.forEach((source) => source.destroy());
    return exitCode;
  } catch (error) {
    if (!streams.signal.aborted) sources.forEach((source) => source.destroy());
    throw error;
  } finally {
    if (fifos.stdin !== undefined) streams.stdin?.unpipe(fifos.stdin.socket);
    // What the client still sends must not hold up its connection.
    streams.stdin?.resume();
    fifos.stdin?.close();
    fifos.remove();
  }
}

function consoleSize({ rows, columns }: TerminalSize) {
  return { height: rows, width: columns };
}

function feedInput({ stdin }: ProcessStreams, fifos: ExecFifos, exec: ExecProcess): void {
  const target = fifos.stdin;
  if (stdin === undefined || target === undefined) return;
  stdin.pipe(target.socket, { end: false });
  stdin.once('end', () => void endInput(target, exec));
}

async function endInput(input: InputFifo, exec: ExecProcess): Promise<void> {
  await input.finish();
  await exec.closeInput();
}

function ended(sources: readonly Socket[]): Promise<unknown> {
  return Promise.all(
    sources.map(
      (source) =>
        new Promise((resolve) => {
          if (source.readableEnded || source.destroyed) resolve(undefined);
          else source.once('end', resolve).once('close', resolve);
        }),
    ),
  );
}

async function quiet(sources: readonly Socket[]): Promise<void> {
  const size = () => sources.reduce((sum, source) => sum + source.bytesRead, 0);
  for (let before = -1; before < size();) {
    before = size();
    await sleep(HELD_MS);
  }
}

// The client has gone: a terminal hangs up, input ends; what a program still writes is read and dropped until it ends.
async function abandon(
  exec: ExecProcess,
  exited: Promise<number>,
  sources: readonly Socket[],
  terminal: boolean,
): Promise<void> {
  for (const source of sources) {
    source.removeAllListeners('data');
    source.on('data', () => undefined);
    source.resume();
  }
  if (terminal) await exec.kill(HANGUP);
  else await exec.closeInput();
  await exited.catch(() => undefined);
  await exec.forget();
  sources.forEach((source) => source.destroy());
}

// Creates a container under conmon, step by step; what failed halfway is the caller's to delete.
import { closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { invalidArgument, withContext } from '../../errors.ts';
import { replaceFileSync } from '../../host/atomic-file.ts';
import { openNullDevice } from '../../host/null-device.ts';
import { identifyProcess } from '../../host/procfs.ts';
import type { CreatedContainer, CreateRequest } from '../driver.ts';
import { firstError, runtimeFailure } from '../first-error.ts';
import { bundleFiles } from './bundle-files.ts';
import { startConmon, type ConmonOptions } from './conmon.ts';
import { prepareLog } from './log-control.ts';
import { findMonitor } from './monitor.ts';
import { forNetworkOf, type OciRuntime } from './options.ts';
import { joinsSandbox, prepareStandIn } from './stand-in.ts';
import { readSyncLine, type SyncLine } from './sync-pipe.ts';

/** @throws DaemonError with the runtime's first error, or conmon's own */
export async function createContainer(
  options: ConmonOptions,
  runtime: OciRuntime,
  request: CreateRequest,
): Promise<CreatedContainer> {
  const files = bundleFiles(request.bundle);
  const what = `runtime "${runtime.handler}" create of container "${request.id}"`;
  if (request.logPath !== undefined) await prepareLog(checkLogPath(request.logPath));
  replaceFileSync(files.config, JSON.stringify(request.spec));
  if (runtime.sandboxProcess && joinsSandbox(request.spec)) prepareStandIn(request);
  const { line, complaints } = await runConmon(options, forNetworkOf(runtime, request.spec), request).catch(
    (error: unknown) => {
      throw withContext(what, error);
    },
  );
  const monitor = findMonitor(request);
  const init = line === undefined ? undefined : identifyProcess(line.pid);
  if (init !== undefined && monitor !== undefined) return { init, monitor };
  const reason = firstError(await readOrEmpty(files.createLog)) ?? firstError(line?.message ?? '') ?? complaints.trim();
  throw runtimeFailure(what, reason === '' ? 'it ended without a word' : reason);
}

interface ConmonReport {
  /** Undefined when conmon ended without one. */
  readonly line: SyncLine | undefined;
  /** What conmon itself wrote to standard error. */
  readonly complaints: string;
}

async function runConmon(options: ConmonOptions, runtime: OciRuntime, request: CreateRequest): Promise<ConmonReport> {
  const isEmpty = !request.stdin && !request.spec.process.terminal;
  const input = isEmpty && runtime.givesInputAway ? openNullDevice() : undefined;
  let line: SyncLine | undefined;
  let complaints = '';
  try {
    const path = input === undefined ? undefined : `/proc/${process.pid}/fd/${input}`;
    const conmon = startConmon(options, runtime, request, path);
    try {
      [line] = await Promise.all([readSyncLine(conmon.syncPipe, runtime.timeouts.createMs), conmon.process.exited]);
    } finally {
      complaints = conmon.takeComplaints();
    }
  } finally {
    if (input !== undefined) closeSync(input);
  }
  return { line, complaints };
}

// conmon takes the path up to its first colon.
function checkLogPath(path: string): string {
  if (path.includes(':')) throw invalidArgument(`log path "${path}" has a colon, which conmon cannot take`);
  return path;
}

// The log is made by the runtime; one that did not start has none.
function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

// Creates a task, step by step; what failed halfway is the caller's to delete.
import { DaemonError, withContext } from '../../errors.ts';
import { replaceFileSync } from '../../host/atomic-file.ts';
import { makeFifo } from '../../host/kernel.ts';
import { identifyProcess } from '../../host/procfs.ts';
import type { Logger } from '../../observe/logger.ts';
import type { CreatedContainer, CreateRequest } from '../driver.ts';
import type { OutputHub } from './output/output-hub.ts';
import type { AnyMessage } from './protocol.ts';
import type { Shim } from './options.ts';
import { startInputKeeper, startKeeper } from './keeper.ts';
import { podOf, podShim } from './pod-shim.ts';
import { saveTask, type SavedTask } from './saved-task.ts';
import { shimFiles } from './shim-files.ts';
import { explain } from './shim-words.ts';
import type { ShimConnection, Shims } from './shims.ts';
import type { ShimTraits } from './traits.ts';

export interface CreateDeps {
  readonly shim: Shim;
  readonly traits: ShimTraits;
  readonly shims: Shims;
  readonly hub: OutputHub;
  readonly options: AnyMessage | undefined;
  readonly logMaxBytes: number | undefined;
  readonly log: Pick<Logger, 'warn'>;
  /** Runs work for one pod's shim, one after another. */
  readonly perPod: <T>(podId: string, work: () => Promise<T>) => Promise<T>;
}

/** @throws DaemonError with the runtime's first error, or the shim's own */
export async function createTask(deps: CreateDeps, request: CreateRequest): Promise<CreatedContainer> {
  const { shim } = deps;
  const files = shimFiles(request.bundle);
  replaceFileSync(files.config, JSON.stringify(request.spec));
  const draft: SavedTask = {
    version: 1,
    shim: null,
    ownsShim: false,
    isTask: true,
    streams: await openStreams(deps, request),
    exit: null,
  };
  // Intent first: from here on a shim may be left behind.
  saveTask(request.bundle, draft);
  const { connection, owned } = await startShim(deps, request);
  const { socket, service } = connection;
  saveTask(request.bundle, { ...draft, shim: { socket, service }, ownsShim: owned });
  try {
    const { pid } = await connection.tasks.call(
      'Create',
      {
        id: request.id,
        bundle: request.bundle,
        // The root file system is mounted already, where config.json says.
        rootfs: [],
        terminal: request.spec.process.terminal,
        stdin: draft.streams?.stdin === true ? files.stdin : '',
        stdout: draft.streams === null ? '' : files.stdout,
        stderr: draft.streams === null || draft.streams.terminal ? '' : files.stderr,
        ...(deps.options !== undefined && { options: deps.options }),
      },
      { timeoutMs: shim.timeouts.createMs },
    );
    const init = pid > 1 ? identifyProcess(pid) : undefined;
    const monitor = connection.process ?? init;
    if (monitor !== undefined) return { init: init ?? monitor, monitor };
    throw new DaemonError('unknown', 'the shim told of no live process');
  } catch (error) {
    const explained = await explain(error, request.id, connection.log, deps.log);
    throw withContext(`runtime "${shim.handler}" create of container "${request.id}"`, explained);
  }
}

function startShim(deps: CreateDeps, request: CreateRequest): Promise<{ connection: ShimConnection; owned: boolean }> {
  const pod = deps.traits.onePerPod ? podOf(request, request.spec.annotations) : undefined;
  if (pod === undefined) return deps.shims.start(request);
  return deps.perPod(pod.id, async () => ({ connection: await podShim(deps.shims, pod), owned: false }));
}

// A task whose output is neither kept nor can be attached to, such as a sandbox, needs no streams.
async function openStreams(deps: CreateDeps, request: CreateRequest): Promise<SavedTask['streams']> {
  const { bundle, logPath, stdin, stdinOnce } = request;
  const { terminal } = request.spec.process;
  if (logPath === undefined && !stdin && !terminal) return null;
  const files = shimFiles(bundle);
  for (const path of [files.stdout, ...(terminal ? [] : [files.stderr]), ...(stdin ? [files.stdin] : [])])
    makeFifo(path, 0o600);
  await deps.hub.open({
    id: request.id,
    stdout: files.stdout,
    stderr: terminal ? undefined : files.stderr,
    logPath,
    logMaxBytes: deps.logMaxBytes,
  });
  const keeper = startKeeper(bundle, terminal) ?? null;
  const inputKeeper = stdin ? (startInputKeeper(bundle) ?? null) : null;
  return { terminal, stdin, stdinOnce, logPath: logPath ?? null, keeper, inputKeeper };
}

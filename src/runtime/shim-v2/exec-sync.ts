// Runs a program in a container through its shim and collects the output.
import { deferred } from '../../async/deferred.ts';
import { DaemonError } from '../../errors.ts';
import { OutputReader } from '../../host/output-reader.ts';
import type { Process } from '../../oci/types.ts';
import type { ContainerRef, ExecSyncRequest, ExecSyncResult } from '../driver.ts';
import { ExecLimit } from '../exec-limit.ts';
import { ExecFifos } from './exec-fifos.ts';
import { ExecProcess, type ExecDeps } from './exec-process.ts';

/** @throws deadline-exceeded or cancelled, with the program killed; unknown with the runtime's first error */
export async function execSync(
  deps: ExecDeps,
  container: ContainerRef,
  process: Process,
  request: ExecSyncRequest,
): Promise<ExecSyncResult> {
  const fifos = new ExecFifos(container.bundle, { terminal: false, stdin: false });
  const out = new OutputReader(fifos.stdout, request.maxOutputBytes);
  const err = new OutputReader(fifos.stderr ?? fifos.stdout, request.maxOutputBytes);
  const exec = new ExecProcess(deps, container, fifos.execId);
  const stopped = deferred<undefined>();
  const what = `exec in container "${container.id}"`;
  const limit = new ExecLimit(what, request, () => {
    void exec.kill(9);
    stopped.resolve(undefined);
  });
  try {
    if (limit.error !== undefined) throw limit.error;
    const starting = exec.start({ ...process, args: [...request.command], terminal: false }, fifos);
    // A start that is still under way is killed when it is over.
    starting.then(
      () => limit.error !== undefined && void exec.kill(9).then(() => exec.forget()),
      () => undefined,
    );
    await Promise.race([starting, stopped.promise]);
    const exitCode = await Promise.race([exec.wait(), stopped.promise]);
    if (exitCode === undefined) throw new DaemonError('cancelled', `${what} was stopped`);
    const forgotten = exec.forget();
    await Promise.race([out.ended.then(() => err.ended), forgotten, quiet([out, err])]);
    return { exitCode, stdout: out.finish(), stderr: err.finish() };
  } catch (error) {
    if (limit.error !== undefined) {
      void exec.wait().then(
        () => exec.forget(),
        () => undefined,
      );
      throw limit.error;
    }
    throw error;
  } finally {
    limit.clear();
    out.close();
    err.close();
    fifos.remove();
  }
}

/** How long nothing must come before the output counts as complete although a background child still holds it. */
const QUIET_MS = 300;

async function quiet(readers: readonly OutputReader[]): Promise<void> {
  const size = () => readers.reduce((sum, reader) => sum + reader.received, 0);
  for (let before = -1; before < size();) {
    before = size();
    await new Promise((resolve) => {
      setTimeout(resolve, QUIET_MS);
    });
  }
}

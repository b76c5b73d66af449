// The container's log file: made before conmon opens it, and reopened after it was rotated away.
import { readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sleep } from '../../async/timeout.ts';
import { deadlineExceeded, failedPrecondition, isErrno } from '../../errors.ts';
import type { ProcessIdentity } from '../../host/procfs.ts';
import type { ContainerRef } from '../driver.ts';
import { sendReopen } from './control-fifo.ts';
import { findMonitor } from './monitor.ts';

const LOG_MODE = 0o640;
const REOPEN_LIMIT_MS = 5000;

/** Makes the log and its directory when they are missing: older conmons would give the file mode 0600. */
export async function prepareLog(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await (await open(path, 'a', LOG_MODE)).close();
}

/**
 * Has conmon go on in a new file at `path`.
 *
 * Nothing is done when conmon writes to that very file already: it would rename an empty one over it, and what was
 * logged would be lost.
 * @throws failed-precondition when no monitor runs
 */
export async function reopenLog(container: ContainerRef, path: string): Promise<void> {
  const monitor = findMonitor(container);
  if (monitor === undefined) throw failedPrecondition(`container "${container.id}" has no monitor that writes its log`);
  // conmon ends when it cannot create the file.
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (await isOpenIn(monitor, path)) return;
  sendReopen(container);
  const end = Date.now() + REOPEN_LIMIT_MS;
  for (let pause = 1; !(await isOpenIn(monitor, path)); pause = Math.min(pause * 2, 50)) {
    if (Date.now() > end)
      throw deadlineExceeded(
        `monitor of container "${container.id}" did not reopen "${path}" in ${REOPEN_LIMIT_MS} ms`,
      );
    await sleep(pause);
  }
  await chmod(path, LOG_MODE);
}

async function isOpenIn(monitor: ProcessIdentity, path: string): Promise<boolean> {
  let file;
  try {
    file = await stat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  const directory = `/proc/${monitor.pid}/fd`;
  return openFiles(directory).some((open) => open.dev === file.dev && open.ino === file.ino);
}

function openFiles(directory: string): { dev: number; ino: number }[] {
  try {
    return readdirSync(directory).flatMap((fd) => statSync(`${directory}/${fd}`, { throwIfNoEntry: false }) ?? []);
  } catch {
    return [];
  }
}

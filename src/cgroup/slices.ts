// Gives back a slice of systemd's: it keeps one, with its directories, until it is told to stop it.
import { DaemonError } from '../errors.ts';
import { runCommand } from '../host/run-command.ts';
import { findProgram } from '../host/find-program.ts';

const TIMEOUT_MS = 30_000;

/**
 * Stops a slice and ends what runs in it. One that systemd does not know is fine.
 * @param name such as `crisol-pod42.slice`
 * @throws DaemonError with what systemctl says
 */
export async function stopSlice(name: string, searchPath?: string): Promise<void> {
  const file = findProgram('systemctl', searchPath);
  if (file === undefined) throw new DaemonError('internal', `cannot stop "${name}": systemctl is not installed`);
  const { exitCode, stderr, stopped } = await runCommand({ file, args: ['stop', name], timeoutMs: TIMEOUT_MS });
  if (exitCode === 0 || exitCode === NOT_LOADED) return;
  const reason = stopped === undefined ? stderr.toString().trim() : `it took more than ${TIMEOUT_MS / 1000} s`;
  throw new DaemonError('internal', `systemctl stop "${name}": ${reason}`);
}

// @see systemctl(1), EXIT STATUS: "unit not loaded", after LSB
const NOT_LOADED = 5;

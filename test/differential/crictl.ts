// Runs crictl against the lab's daemon and keeps all of how it ended.
import { execa } from 'execa';

/** How one call of crictl ended. */
export interface Ended {
  /** crictl's own exit code. */
  readonly exit: number;
  /** The name of the gRPC code in its complaint; absent when it names none. */
  readonly code?: string;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 60_000;

/** Never rejects; `input` goes to its standard input. */
export async function crictl(args: readonly string[], input = ''): Promise<Ended> {
  const { exitCode, stdout, stderr } = await execa('crictl', [...args], { reject: false, timeout: TIMEOUT_MS, input });
  const code = /\bcode = (\w+)/.exec(stderr)?.[1];
  return { exit: exitCode ?? -1, ...(code === undefined ? {} : { code }), stdout, stderr };
}

/** The id that a command printed. @throws with crictl's complaint when it failed */
export async function idOf(args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await crictl(args);
  if (exit !== 0) throw new RangeError(`crictl ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

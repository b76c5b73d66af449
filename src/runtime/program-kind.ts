// Tells OCI runtimes and containerd shims apart by what they say, so that one that is given as the other is named.
import { failedPrecondition } from '../errors.ts';
import type { CommandResult } from '../host/run-command.ts';

type Said = Pick<CommandResult, 'stdout' | 'stderr'>;

/** What the answer to `--version` gives away: runtimes name the specification they follow, shims list their flags. */
export function programKind({ stdout, stderr }: Said): 'oci' | 'shim-v2' | undefined {
  const text = `${stdout.toString('utf8')}\n${stderr.toString('utf8')}`;
  if (/^\s+-publish-binary\b/m.test(text) || /containerd[ -]shim/i.test(text)) return 'shim-v2';
  return /^spec: \d/m.test(text) ? 'oci' : undefined;
}

/**
 * Refuses a program of the other kind.
 * @param said what `PATH --version` printed
 * @throws failed-precondition with the cure
 */
export function checkProgramKind(path: string, kind: 'oci' | 'shim-v2', said: Said): void {
  const found = programKind(said);
  if (found === undefined || found === kind) return;
  if (kind === 'oci')
    throw failedPrecondition(
      `program "${path}" is a containerd shim and no OCI runtime`,
      undefined,
      'write kind = "shim-v2" in the handler\'s table, or name the OCI runtime itself',
    );
  throw failedPrecondition(
    `program "${path}" is an OCI runtime and no containerd shim`,
    undefined,
    'write kind = "oci" in the handler\'s table, or name the shim, such as "containerd-shim-runc-v2"',
  );
}

// A network namespace for the whole test process. Plugins run where the daemon runs, so these tests are started with
//   unshare --net node --experimental-vm-modules node_modules/jest/bin/jest.js --selectProjects integration -i cni
import { readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '../../../src/errors.ts';
import { runCommand } from '../../../src/host/run-command.ts';

function isInitialNetwork(): boolean {
  try {
    return readlinkSync('/proc/self/ns/net') === readlinkSync('/proc/1/ns/net');
  } catch (error) {
    if (!isErrno(error, 'EACCES') && !isErrno(error, 'EPERM')) throw error;
    // The first process is out of sight: a way out of the machine tells as well.
    return readFileSync('/proc/net/route', 'latin1')
      .split('\n')
      .some((line) => line.split('\t')[1] === '00000000');
  }
}

/** Throws when tests would change the machine's own network. */
export function requireOwnNetwork(): void {
  if (!isInitialNetwork()) return;
  throw new ReferenceError('these tests change the network of their namespace: run jest under "unshare --net"');
}

/** Runs a program to its end and returns its output; a failure is an error. */
export async function output(file: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand({ file, args, timeoutMs: 10_000 });
  if (exitCode !== 0) throw new RangeError(`${file} ${args.join(' ')}: ${stderr.toString()}`);
  return stdout.toString();
}

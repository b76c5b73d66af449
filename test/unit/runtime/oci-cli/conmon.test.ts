import { describe, expect, it } from '@jest/globals';
import { conmonArgs } from '../../../../src/runtime/oci-cli/conmon.ts';

type Args = Parameters<typeof conmonArgs>;

const OPTIONS = { conmonPath: '/usr/bin/conmon', exitDir: '/run/exits', socketDir: '/run/a' };
const REQUEST = {
  ...{ id: 'c1', bundle: '/run/c/c1', logPath: undefined, stdin: false, stdinOnce: false },
  spec: { process: { terminal: false }, annotations: {} },
} as unknown as Args[2];

function runtime(systemdCgroup: boolean): Args[1] {
  return { path: '/usr/bin/runsc', root: '/run/rt', args: ['--platform=systrap'], systemdCgroup } as unknown as Args[1];
}

/** What conmon makes of it: the runtime and its arguments. */
function commandLine(args: readonly string[]): string[] {
  const after = (flag: string) => args.filter((_, index) => args[index - 1] === flag);
  return [...after('--runtime'), ...after('--runtime-arg')];
}

describe('conmonArgs()', () => {
  it('has the runtime use systemd', () => {
    const line = commandLine(conmonArgs(OPTIONS, runtime(true), REQUEST));

    expect(line.slice(0, 3)).toEqual(['/usr/bin/runsc', '--systemd-cgroup', '--platform=systrap']);
  });

  it('keeps the flag behind a shell that runs the runtime', () => {
    const line = commandLine(conmonArgs(OPTIONS, runtime(true), REQUEST, '/proc/1/fd/3'));

    expect(line[0]).toBe('/bin/sh');
    expect(line.slice(3, 5)).toEqual(['/usr/bin/runsc', '--systemd-cgroup']);
  });

  it('leaves the flag out without systemd', () => {
    for (const input of [undefined, '/proc/1/fd/3'])
      expect(conmonArgs(OPTIONS, runtime(false), REQUEST, input)).not.toContain('--systemd-cgroup');
  });
});

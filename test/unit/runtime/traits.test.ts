import { describe, expect, it } from '@jest/globals';
import { findTraits } from '../../../src/runtime/traits.ts';

const RUNSC = 'runsc version release-20240729.0\nspec: 1.1.0-rc.1\n';
const HELP = 'Subcommands for container lifecycle:\n\tpause            pause its argument\n';
const HELP_WITH_PORTS = `${HELP}\tport-forward     port forward to a secure container\n`;

describe('findTraits()', () => {
  it.each([
    { banner: RUNSC, args: [], help: HELP_WITH_PORTS, portForward: 'driver' },
    { banner: RUNSC, args: [], help: HELP, portForward: 'pod-address' },
    { banner: RUNSC, args: ['--network=host'], help: HELP_WITH_PORTS, portForward: 'netns' },
    { banner: RUNSC, args: ['-network', 'host'], help: HELP, portForward: 'netns' },
    { banner: RUNSC, args: ['--network=host', '--network=sandbox'], help: HELP_WITH_PORTS, portForward: 'driver' },
  ])('forwards ports by $portForward for $args', ({ banner, args, help, portForward }) => {
    expect(findTraits(banner, help, args)?.portForward).toBe(portForward);
  });

  it.each([
    { args: [], hostNetworkArgs: ['--network=host'] },
    { args: ['--network=host'], hostNetworkArgs: [] },
    { args: ['--network=sandbox'], hostNetworkArgs: null },
    { args: ['--network=none'], hostNetworkArgs: null },
  ])('has pods on the host network get $hostNetworkArgs where the handler has $args', ({ args, hostNetworkArgs }) => {
    expect(findTraits(RUNSC, '', args)?.hostNetworkArgs).toEqual(hostNetworkArgs);
  });

  it.each([
    { flags: '', ownArgs: [] },
    { flags: '  -oci-seccomp\n    \tEnables filters.\n', ownArgs: ['--oci-seccomp'] },
    { flags: '  -allow-suid\n    \tallows -oci-seccomp\n  -x\n', ownArgs: ['--allow-suid'] },
  ])('gives gVisor those of its own flags that the release has: $ownArgs', ({ flags, ownArgs }) => {
    expect(findTraits(RUNSC, flags, [])?.ownArgs).toEqual(ownArgs);
  });

  it('knows gVisor by the name it gives itself, and takes everything else for runc’s like', () => {
    expect(findTraits(RUNSC, '', [])).toMatchObject({
      ...{ sandboxProcess: true, containerCgroups: false },
      selinux: 'none',
    });
    expect(findTraits('crun version 1.8.1\n', '', [])).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { shimTraits } from '../../../../src/runtime/shim-v2/traits.ts';

describe('shimTraits()', () => {
  it.each([
    { path: '/usr/bin/containerd-shim-runc-v2', sandboxProcess: false, selinux: 'container' },
    { path: '/usr/bin/containerd-shim-runsc-v1', sandboxProcess: true, selinux: 'none' },
    { path: '/opt/kata/bin/containerd-shim-kata-v2', sandboxProcess: true, selinux: 'vm' },
    { path: '/opt/containerd-shim-kata-qemu-v2', sandboxProcess: true, selinux: 'vm' },
    { path: '/opt/kata/containerd-shim-other-v2', sandboxProcess: true, selinux: 'container' },
  ])('knows $path by its name', ({ path, ...expected }) => {
    expect(shimTraits(path)).toMatchObject(expected);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestedSeccomp, seccompFilter } from '../../../src/oci/seccomp/choose.ts';
import { DEFAULT_PROFILE } from '../../../src/oci/seccomp/default-profile.ts';
import { loadSeccompProfile } from '../../../src/oci/seccomp/load-profile.ts';
import { parseSeccompProfile } from '../../../src/oci/seccomp/profile.ts';
import { resolveSeccomp } from '../../../src/oci/seccomp/resolve.ts';
import type { SeccompContext } from '../../../src/oci/seccomp/resolve.ts';
import type { SeccompRule } from '../../../src/oci/types.ts';
import { security } from './configs.ts';

const CONTEXT: SeccompContext = { arch: 'amd64', kernelRelease: '6.12.5-amd64', capabilities: ['CAP_CHOWN'] };

function defaults(context: Partial<SeccompContext> = {}): SeccompRule[] {
  return resolveSeccomp(DEFAULT_PROFILE, { ...CONTEXT, ...context }).syscalls ?? [];
}

function allowed(rules: SeccompRule[], name: string): boolean {
  return rules.some(({ names, action, args }) => names.includes(name) && action === 'SCMP_ACT_ALLOW' && !args);
}

describe('the default profile', () => {
  it('denies with EPERM and covers the foreign architectures of the machine', () => {
    expect(resolveSeccomp(DEFAULT_PROFILE, CONTEXT)).toMatchObject({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    });
    expect(resolveSeccomp(DEFAULT_PROFILE, { ...CONTEXT, arch: 'arm64' }).architectures).toEqual([
      'SCMP_ARCH_AARCH64',
      'SCMP_ARCH_ARM',
    ]);
  });

  it.each(['read', 'openat2', 'execve', 'futex', 'statx', 'clock_gettime', 'ptrace', 'arch_prctl', 'getrandom'])(
    'allows %s',
    (name) => {
      expect(allowed(defaults(), name)).toBe(true);
    },
  );

  it.each(['mount', 'unshare', 'bpf', 'keyctl', 'kexec_load', 'io_uring_setup', 'userfaultfd', 'reboot', 'pivot_root'])(
    'denies %s',
    (name) => {
      expect(allowed(defaults(), name)).toBe(false);
    },
  );

  it.each([
    { cap: 'CAP_SYS_ADMIN', name: 'mount' },
    { cap: 'CAP_SYS_ADMIN', name: 'clone3' },
    { cap: 'CAP_SYS_CHROOT', name: 'chroot' },
    { cap: 'CAP_SYS_TIME', name: 'clock_settime' },
    { cap: 'CAP_SYS_NICE', name: 'mbind' },
  ])('opens $name with $cap only', ({ cap, name }) => {
    expect(allowed(defaults(), name)).toBe(false);
    expect(allowed(defaults({ capabilities: [cap] }), name)).toBe(true);
  });

  it('lets clone make no namespace, and answers clone3 with ENOSYS, but for CAP_SYS_ADMIN', () => {
    const find = (rules: SeccompRule[], name: string) => rules.filter(({ names }) => names.includes(name));

    expect(find(defaults(), 'clone')).toEqual([
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: 0x7e020000, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ]);
    expect(find(defaults(), 'clone3')).toEqual([{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }]);
    expect(find(defaults({ capabilities: ['CAP_SYS_ADMIN'] }), 'clone3')).toHaveLength(1);
  });

  it('allows usual socket families, but not AF_ALG and AF_VSOCK', () => {
    const rules = defaults().filter(({ names }) => names.includes('socket'));
    const passes = (family: number) =>
      rules.some(({ args }) =>
        args?.some(({ op, value }) =>
          op === 'SCMP_CMP_LE' ? family <= value : op === 'SCMP_CMP_EQ' && family === value,
        ),
      );

    expect([1, 2, 10, 16, 17, 44].map(passes)).toEqual([true, true, true, true, true, true]);
    expect([38, 40, 46, 2 ** 32 + 40].map(passes)).toEqual([false, false, false, false]);
  });

  it('allows ptrace on kernels since 4.8 only, and system calls of one architecture there only', () => {
    expect(allowed(defaults({ kernelRelease: '4.4.0-1' }), 'ptrace')).toBe(false);
    expect(allowed(defaults({ kernelRelease: '4.8.0' }), 'ptrace')).toBe(true);
    expect(allowed(defaults({ arch: 'arm64' }), 'arch_prctl')).toBe(false);
    expect(allowed(defaults({ arch: 'arm64' }), 'cacheflush')).toBe(true);
  });
});

describe('resolveSeccomp()', () => {
  it('passes an OCI profile through', () => {
    const oci = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/agent.sock',
      listenerMetadata: 'x',
      syscalls: [
        {
          names: ['chmod'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 2,
          args: [{ index: 1, value: 7, valueTwo: 3, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    };

    expect(resolveSeccomp(parseSeccompProfile(JSON.stringify(oci), '/p'), CONTEXT)).toEqual(oci);
  });

  it('leaves the architecture to the runtime when the profile names none', () => {
    expect(resolveSeccomp({ defaultAction: 'SCMP_ACT_ALLOW' }, CONTEXT)).toEqual({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [],
    });
    expect(resolveSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', archMap: [] }, CONTEXT).architectures).toEqual([
      'SCMP_ARCH_X86_64',
    ]);
  });

  it.each([
    { includes: { arches: ['arm64'] }, kept: false },
    { includes: { arches: ['amd64'], caps: null }, kept: true },
    { includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] }, kept: false },
    { includes: { minKernel: '6.13' }, kept: false },
    { includes: { minKernel: '5.20' }, kept: true },
    { includes: {}, kept: true },
    { excludes: { arches: ['amd64'] }, kept: false },
    { excludes: { caps: ['CAP_CHOWN'] }, kept: false },
    { excludes: { minKernel: '4.8' }, kept: false },
    { excludes: { caps: ['CAP_KILL'], arches: [], minKernel: '7.0' }, kept: true },
  ])('keeps a rule by its conditions: %j', ({ kept, ...conditions }) => {
    const rule = { name: 'chmod', action: 'SCMP_ACT_KILL', ...conditions };

    const { syscalls } = resolveSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }, CONTEXT);

    expect(syscalls).toEqual(kept ? [{ names: ['chmod'], action: 'SCMP_ACT_KILL' }] : []);
  });
});

describe('requestedSeccomp()', () => {
  const of = (profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost', localhostRef = '') => ({
    profileType,
    localhostRef,
  });

  it.each([
    { fields: {}, expected: { kind: 'unconfined' } },
    { fields: { seccomp: of('RuntimeDefault') }, expected: { kind: 'runtime-default' } },
    { fields: { seccomp: of('Unconfined') }, expected: { kind: 'unconfined' } },
    { fields: { seccomp: of('Localhost', '/p.json') }, expected: { kind: 'localhost', name: '/p.json' } },
    { fields: { seccomp: of('Localhost', 'localhost//p') }, expected: { kind: 'localhost', name: '/p' } },
    { fields: { seccompProfilePath: 'runtime/default' }, expected: { kind: 'runtime-default' } },
    { fields: { seccompProfilePath: 'docker/default' }, expected: { kind: 'runtime-default' } },
    { fields: { seccompProfilePath: 'unconfined' }, expected: { kind: 'unconfined' } },
    { fields: { seccompProfilePath: 'localhost//p' }, expected: { kind: 'localhost', name: '/p' } },
    { fields: { seccomp: of('Unconfined'), seccompProfilePath: 'nonsense' }, expected: { kind: 'unconfined' } },
    { fields: { seccomp: of('Localhost', ''), privileged: true }, expected: { kind: 'unconfined' } },
  ])('reads %j', ({ fields, expected }) => {
    expect(requestedSeccomp(security(fields))).toEqual(expected);
  });

  it('is unconfined without a security context', () => {
    expect(requestedSeccomp(null)).toEqual({ kind: 'unconfined' });
  });

  it.each([
    { fields: { seccomp: of('Localhost') }, message: 'localhost_ref is empty' },
    { fields: { seccomp: of('Localhost', 'p.json') }, message: '"p.json" is not an absolute path' },
    { fields: { seccomp: of('RuntimeDefault', '/p') }, message: '"/p" is set, but the profile type is RuntimeDefault' },
    { fields: { seccompProfilePath: 'nonsense' }, message: 'seccomp profile "nonsense" is none of' },
  ])('refuses: $message', ({ fields, message }) => {
    expect(() => requestedSeccomp(security(fields))).toThrow(message);
  });
});

describe('seccompFilter()', () => {
  it('uses the loaded profile for localhost, and insists on it', () => {
    const choice = { kind: 'localhost', name: '/p' } as const;

    expect(seccompFilter(choice, { defaultAction: 'SCMP_ACT_LOG' }, CONTEXT)?.defaultAction).toBe('SCMP_ACT_LOG');
    expect(() => seccompFilter(choice, undefined, CONTEXT)).toThrow('was not loaded');
    expect(seccompFilter({ kind: 'unconfined' }, undefined, CONTEXT)).toBeUndefined();
    expect(seccompFilter({ kind: 'runtime-default' }, undefined, CONTEXT)?.defaultErrnoRet).toBe(1);
  });
});

describe('loadSeccompProfile()', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'crisol-seccomp-'));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it('reads a profile, nulls and unknown fields included', async () => {
    const path = join(directory, 'p.json');
    writeFileSync(path, '{"defaultAction":"SCMP_ACT_ALLOW","archMap":null,"syscalls":null,"comment":"x"}');

    await expect(loadSeccompProfile(path)).resolves.toMatchObject({ defaultAction: 'SCMP_ACT_ALLOW' });
  });

  it.each([
    { text: undefined, message: /cannot read seccomp profile ".*p\.json": ENOENT/ },
    { text: '{', message: /p\.json" is not JSON/ },
    { text: '[]', message: /p\.json": .+/ },
    { text: '{"defaultAction":"ALLOW"}', message: /p\.json": defaultAction: / },
    {
      text: '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"names":["a"],"action":"x"}]}',
      message: /syscalls\.0\.action: /,
    },
  ])('names what is wrong: $message', async ({ text, message }) => {
    const path = join(directory, 'p.json');
    if (text !== undefined) writeFileSync(path, text);

    await expect(loadSeccompProfile(path)).rejects.toThrow(message);
  });
});

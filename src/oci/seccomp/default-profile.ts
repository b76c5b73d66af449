// The RuntimeDefault profile: an allow-list that behaves like Docker's and containerd's, so that images run unchanged.
import { ALLOWED_SYSCALLS } from './default-syscalls.ts';
import type { ProfileRule, SeccompProfile } from './profile.ts';

const EPERM = 1;
const ENOSYS = 38;

// Every flag of clone that makes a namespace.
const CLONE_NEW_ANY = 0x7e020000;

// What one capability opens beyond the list; the kernel checks the capability again.
const BY_CAPABILITY: Readonly<Record<string, readonly string[]>> = {
  CAP_BPF: ['bpf'],
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_PERFMON: ['perf_event_open'],
  CAP_SYS_ADMIN: [
    ...[
      'bpf',
      'clone',
      'clone3',
      'fanotify_init',
      'fsconfig',
      'fsmount',
      'fsopen',
      'fspick',
      'lookup_dcookie',
      'mount',
    ],
    ...['mount_setattr', 'move_mount', 'open_tree', 'perf_event_open', 'quotactl', 'quotactl_fd', 'setdomainname'],
    ...['sethostname', 'setns', 'syslog', 'umount', 'umount2', 'unshare'],
  ],
  CAP_SYS_BOOT: ['reboot'],
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_MODULE: ['delete_module', 'finit_module', 'init_module'],
  CAP_SYS_NICE: ['get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node'],
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_PTRACE: ['kcmp', 'pidfd_getfd', 'process_madvise', 'process_vm_readv', 'process_vm_writev', 'ptrace'],
  CAP_SYS_RAWIO: ['ioperm', 'iopl'],
  CAP_SYS_TIME: ['clock_settime', 'clock_settime64', 'settimeofday', 'stime'],
  CAP_SYS_TTY_CONFIG: ['vhangup'],
  CAP_SYSLOG: ['syslog'],
};

// PER_LINUX and PER_LINUX32, each also with UNAME26, and the value that only asks.
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

// Address families up to 45 without AF_ALG (38) and AF_VSOCK (40): the first opens the kernel's crypto code to
// containers, the second reaches the hypervisor past the pod's network. Families are listed rather than excluded
// because a filter compares 64 bits where the kernel reads 32.
const LAST_LOW_FAMILY = 37;
const HIGH_FAMILIES = [39, 41, 42, 43, 44, 45];

function allow(names: readonly string[], rest: Partial<ProfileRule> = {}): ProfileRule {
  return { names: [...names], action: 'SCMP_ACT_ALLOW', ...rest };
}

function allowIf(name: string, index: number, op: string, value: number): ProfileRule {
  return allow([name], { args: [{ index, value, op }] });
}

/** Default deny with EPERM; resolve it with `resolveSeccomp`. */
export const DEFAULT_PROFILE: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: EPERM,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    allow(ALLOWED_SYSCALLS),
    // Older kernels let a tracer change the call after it was checked.
    allow(['process_vm_readv', 'process_vm_writev', 'ptrace'], { includes: { minKernel: '4.8' } }),
    allow(['arch_prctl', 'modify_ldt'], { includes: { arches: ['amd64'] } }),
    allow(['arm_fadvise64_64', 'arm_sync_file_range', 'breakpoint', 'cacheflush', 'set_tls', 'sync_file_range2'], {
      includes: { arches: ['arm64'] },
    }),
    ...PERSONALITIES.map((value) => allowIf('personality', 0, 'SCMP_CMP_EQ', value)),
    allowIf('socket', 0, 'SCMP_CMP_LE', LAST_LOW_FAMILY),
    ...HIGH_FAMILIES.map((family) => allowIf('socket', 0, 'SCMP_CMP_EQ', family)),
    ...Object.entries(BY_CAPABILITY).map(([cap, names]) => allow(names, { includes: { caps: [cap] } })),
    allow(['clone'], {
      args: [{ index: 0, value: CLONE_NEW_ANY, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    }),
    // Its flags are behind a pointer no filter can follow; ENOSYS makes C libraries fall back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, excludes: { caps: ['CAP_SYS_ADMIN'] } },
  ],
};

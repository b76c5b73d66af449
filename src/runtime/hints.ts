// Well-known causes behind runtimes' error texts, and what to do about them: data only.

export interface Hint {
  /** Matched against the runtime's first error line. */
  readonly pattern: RegExp;
  /** What the reader should do or know: lower case, no full stop. */
  readonly cure: string;
}

export const HINTS: readonly Hint[] = [
  {
    pattern: /oom_score_adj.*permission denied/i,
    cure: 'this host forbids lowering the OOM score (CAP_SYS_RESOURCE is missing); clamp oom_score_adj to the own value',
  },
  {
    pattern: /cgroups in hybrid mode not supported/i,
    cure: 'crun refuses a hybrid host whose cgroup v2 mount lists controllers; boot with cgroup v2 only or use runc',
  },
  {
    pattern: /exec format error/i,
    cure: 'the program is built for another CPU architecture, or is a script without "#!"',
  },
  {
    pattern: /exec: .*permission denied/i,
    cure: 'the program is not executable, or lies on a file system mounted noexec',
  },
  {
    pattern: /unable to apply caps|capset: operation not permitted/i,
    cure: 'the container asks for a capability that this host does not give to its root',
  },
  {
    pattern: /apparmor failed to apply profile/i,
    cure: 'load the AppArmor profile on this node, or leave it out where AppArmor is off',
  },
  {
    pattern: /selinux label is specified in config, but selinux is disabled/i,
    cure: 'leave the SELinux label out on this node',
  },
  {
    pattern: /systemd not running on this host|dbus/i,
    cure: 'set the cgroup driver to cgroupfs, or run systemd with its bus',
  },
  {
    pattern: /user namespaces enabled, but no (uid|gid) mapping/i,
    cure: 'this runtime is too old for user namespaces given by path alone',
  },
  {
    pattern: /unable to spawn stage-2: cannot allocate memory/i,
    cure: 'the init process of the shared pid namespace is gone; the sandbox must be made anew',
  },
  {
    pattern: /no space left on device.*cgroup|cgroup.*no space left on device/i,
    cure: 'too many cgroups exist, or cpuset.cpus and cpuset.mems of the parent are empty',
  },
  {
    pattern: /cannot run with network enabled in root network namespace/i,
    cure: 'this runsc misreads newer kernels; use a newer release or --network=host inside the pod network',
  },
];

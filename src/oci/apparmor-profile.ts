// The AppArmor profile behind RuntimeDefault, in the language of apparmor_parser.

/** Its name, as Kubernetes and `ps -Z` show it. */
export const DEFAULT_PROFILE = 'crisol-default';

/**
 * What a container may do to the kernel through files is what could undo its other walls: mounts, and writing to the
 * parts of /proc and /sys that are not namespaced. Everything else is left to capabilities, seccomp and namespaces.
 *
 * It includes nothing of /etc/apparmor.d, so that it loads on every host that has the parser.
 * @see apparmor.d(5)
 */
export const DEFAULT_PROFILE_TEXT = `profile ${DEFAULT_PROFILE} flags=(attach_disconnected,mediate_deleted) {
  capability,
  file,
  network,
  umount,

  # The sender needs a rule of its own, so this admits the host's programs, and runtimes that have a profile.
  signal (receive),
  signal (send) peer=${DEFAULT_PROFILE},
  ptrace (readby, tracedby),
  ptrace (read, trace) peer=${DEFAULT_PROFILE},

  deny mount,

  # Of /proc a container may write to its processes' directories and to /proc/sys/kernel/shm*, of /sys to cgroups.
  deny /proc/* w,
  deny /proc/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
  deny /proc/sys/[^k]** w,
  deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,
  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
}
`;

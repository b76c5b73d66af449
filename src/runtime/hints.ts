// Well-known causes behind runtimes' error texts, and what to do about them: data only.

export interface Hint {
  /** Matched against the runtime's first error line. */
  readonly pattern: RegExp;
  /** What the reader should do or know: lower case, no full stop. */
  readonly cure: string;
}

/** What the host does not give, or does not have. The first that matches counts, so the more special ones lead. */
const HOST: readonly Hint[] = [
  {
    pattern: /^this release has no "/,
    cure: 'use a newer release of the runtime, or do without',
  },
  {
    pattern: /oom_score_adj.*permission denied/i,
    cure: 'this host forbids lowering the OOM score (CAP_SYS_RESOURCE is missing); clamp oom_score_adj to the own value',
  },
  {
    pattern: /cgroups in hybrid mode not supported/i,
    cure: 'crun refuses a hybrid host whose cgroup v2 mount lists controllers; boot with cgroup v2 only or use runc',
  },
  {
    pattern: /systemd not running on this host|\bdbus\b|system_bus_socket|sd[-_]bus/i,
    cure: 'set the cgroup driver to cgroupfs, or run systemd with its bus',
  },
  {
    pattern: /cannot use unified on cgroup v1/i,
    cure: 'leave "unified" limits out on this node, or boot it with cgroup v2',
  },
  {
    pattern: /hugetlb.*(could not join or create cgroup|no such file or directory)/i,
    cure: 'this node has no hugetlb cgroup; leave huge page limits out, or mount it',
  },
  {
    pattern: /cpuset\.(cpus|mems).*numerical result out of range/i,
    cure: 'the CPU or memory node does not exist on this node; see /sys/devices/system/cpu/online',
  },
  {
    pattern: /cpu\.(cfs_\w+|rt_\w+|max).*invalid argument/i,
    cure: "the kernel takes no such CPU quota: at least 1 ms, and no more than the parent cgroup's",
  },
  {
    pattern: /no space left on device.*cgroup|cgroup.*no space left on device/i,
    cure: 'too many cgroups exist, or cpuset.cpus and cpuset.mems of the parent are empty',
  },
  {
    pattern: /\/sys\/fs\/cgroup\S*: (no such file or directory|device or resource busy)/i,
    cure: 'a cgroup was removed or is in use behind the back of the runtime; the pod must be made anew',
  },
  {
    pattern: /unable to apply caps|capset: operation not permitted/i,
    cure: 'the container asks for a capability that this host does not give to its root',
  },
  {
    pattern: /setting rlimit|setrlimit .*operation not permitted/i,
    cure: 'this host forbids raising that limit (CAP_SYS_RESOURCE is missing); lower it, or raise the one of crisol',
  },
  {
    pattern: /apparmor failed to apply profile|apparmor is not initialized/i,
    cure: 'load the AppArmor profile on this node, or leave it out where AppArmor is off',
  },
  {
    pattern: /selinux label is specified in config, but selinux is disabled|\/proc\/self\/attr\/keycreate/i,
    cure: 'leave the SELinux label out on this node, or boot it with SELinux',
  },
  {
    pattern: /seccomp.*(not supported|not enabled)|is not a valid arch for seccomp|seccomp unknown architecture/i,
    cure: 'the kernel, the runtime or its libseccomp does not know what the seccomp profile uses; correct the profile',
  },
  {
    pattern: /user namespaces enabled, but no (uid|gid) mapping/i,
    cure: 'this runtime is too old for user namespaces given by path alone',
  },
  {
    pattern:
      /(unshare|clone).*user.*(operation not permitted|no space left|invalid argument)|user namespaces? (is|are) not (enabled|supported)/i,
    cure: 'raise sysctl user.max_user_namespaces, and allow user namespaces in the kernel and its LSM',
  },
  {
    pattern: /not a shared mount|is not a shared or slave mount/i,
    cure: 'make the mount shared on the node: mount --make-rshared PATH; or mount it without propagation',
  },
  {
    pattern: /too many open files/i,
    cure: 'raise the open file limit (LimitNOFILE of crisol.service, sysctl fs.file-max, fs.inotify.max_user_instances)',
  },
  {
    pattern: /resource temporarily unavailable|failed to create new OS thread|pthread_create failed/i,
    cure: 'no more processes can be made: raise the pids limit of crisol and the pod, or sysctl kernel.pid_max',
  },
  {
    pattern: /no space left on device/i,
    cure: 'a file system of the node is full, or out of inodes: see df and df -i for the root and run directories',
  },
  {
    pattern: /read-only file system/i,
    cure: 'the mount point does not exist and the root file system is read-only: make it in the image, or a volume above it',
  },
  {
    pattern: /cannot allocate memory|out of memory/i,
    cure: 'the node, or a cgroup above the container, is out of memory',
  },
  {
    pattern: /namespace path: .*no such file or directory|open `\/\S*\/ns\/\S*`: no such file/i,
    cure: "the pod's namespaces are gone from the node; the pod must be made anew",
  },
];

/** What the container or its image asks for and cannot have. */
const CONTAINER: readonly Hint[] = [
  {
    pattern: /exec format error/i,
    cure: 'the program is built for another CPU architecture, or is a script without "#!"',
  },
  {
    pattern: /exec: .*permission denied|open executable: permission denied/i,
    cure: 'the program is not executable, or lies on a file system mounted noexec',
  },
  {
    pattern: /executable file .*not found in \$PATH/i,
    cure: "the image has no such program; correct the command, or the image's PATH",
  },
  {
    pattern: /exec: "[^"]*": stat \S+: no such file or directory/i,
    cure: 'the image has no such program; correct the command or the image',
  },
  {
    pattern: /error while loading shared libraries|cannot open shared object file/i,
    cure: 'a shared library is missing where the program runs; install it, or take a static build',
  },
  {
    pattern: /unable to set memory limit|memory limit too low|init was OOM-killed/i,
    cure: 'the memory limit is too low to start any program; a few MiB are needed',
  },
  {
    pattern: /chdir.*(no such file|not a directory|permission denied)|mkdir \S+: not a directory/i,
    cure: 'the working directory is not there, is no directory, or is closed to the user; correct working_dir',
  },
  {
    pattern: /unable to find (user|group)|no matching entries in (passwd|group) file/i,
    cure: "the image's /etc/passwd or /etc/group has no such name; use a number",
  },
  {
    pattern: /uids and gids must be in range/i,
    cure: 'user and group ids go up to 2147483647',
  },
  {
    pattern: /mount(ing)? .*no such device/i,
    cure: 'the kernel does not know that file system type; load its module, or correct the mount',
  },
  {
    pattern: /mount(ing)? .*not a directory/i,
    cure: 'a file can be mounted on a file only, and a directory on a directory; correct the mount',
  },
  {
    pattern: /error mounting .*no such file or directory|error stat'ing file .*no such file/i,
    cure: 'the source of the mount is not on the node; make it, or correct the path',
  },
  {
    pattern: /sysctl .*(not in a separate kernel namespace|not namespaced)/i,
    cure: 'a sysctl of the whole node cannot be set for a pod; set it on the node',
  },
  {
    pattern: /error (running|executing) hook/i,
    cure: 'an OCI hook of the node failed; look at its program',
  },
  {
    pattern: /sethostname: invalid argument/i,
    cure: "a host name has at most 64 characters; shorten the pod's",
  },
];

/** gVisor and virtual machines. */
const SANDBOXES: readonly Hint[] = [
  {
    pattern: /root mount propagation option must specify private or slave/i,
    cure: 'gVisor cannot carry mounts to the node: use mountPropagation None or HostToContainer, or another handler',
  },
  {
    pattern: /failed to set oom score on shim.*permission denied/i,
    cure: 'gVisor\'s shim insists on lowering its OOM score: give crisol CAP_SYS_RESOURCE, or use runsc with kind = "oci"',
  },
  {
    pattern: /waiting for sandbox to start|cannot read client sync file/i,
    cure: 'gVisor\'s sandbox died as it began; with args = ["--debug-log=/var/log/runsc/"] the end of its own log is told',
  },
  {
    pattern: /cannot run with network enabled in root network namespace/i,
    cure: 'this runsc misreads newer kernels; use a newer release or --network=host inside the pod network',
  },
  {
    pattern: /hangs: .*--platform[= ]kvm/i,
    cure: 'KVM is there but does not work on this host (often a VM without nested virtualisation): use --platform=systrap',
  },
  {
    pattern: /unknown platform|invalid platform|platform .*not (supported|found)/i,
    cure: 'this runsc has no such platform; use --platform=systrap, or ptrace with releases before 2023',
  },
  {
    pattern: /ptrace.*operation not permitted|seccomp_unotify|sysmsg.*failed/i,
    cure: 'the host forbids what the platform needs (sysctl kernel.yama.ptrace_scope, seccomp of the host): try the other',
  },
  {
    pattern: /\/dev\/kvm\b/i,
    cure: 'load the kvm module of the CPU (kvm_intel or kvm_amd), and turn virtualisation on in firmware or the outer VM',
  },
  {
    pattern: /vhost[-_]vsock|\bvsock\b/i,
    cure: 'load the modules vhost_vsock and vhost_net: modprobe vhost_vsock vhost_net',
  },
  {
    pattern: /unable to spawn stage-2: cannot allocate memory/i,
    cure: 'the init process of the shared pid namespace is gone; the sandbox must be made anew',
  },
];

export const HINTS: readonly Hint[] = [...SANDBOXES, ...HOST, ...CONTAINER];

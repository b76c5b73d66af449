// Each text was printed by the runtime that is named, with the cause that the hint tells.
import { describe, expect, it } from '@jest/globals';
import { cureOf } from '../../../src/runtime/first-error.ts';
import { HINTS } from '../../../src/runtime/hints.ts';

const RUNC = 'runc create failed: unable to start container process:';
const INIT = `${RUNC} error during container init:`;

describe('cureOf()', () => {
  it.each([
    ['runc', 'nsexec[4639]: failed to update /proc/self/oom_score_adj: Permission denied', /CAP_SYS_RESOURCE/],
    ['crun', 'write to /proc/self/oom_score_adj: Permission denied', /CAP_SYS_RESOURCE/],
    [
      'runsc',
      'FetchSpec failed: reading spec: root mount propagation option must specify private or slave: "rshared"',
      /HostToContainer/,
    ],
    [
      'containerd-shim-runsc-v1',
      'io.containerd.runsc.v1: failed to set OOM Score on shim: write /proc/11516/oom_score_adj: permission denied',
      /gVisor's shim.*kind = "oci"/,
    ],
    ['crun', 'cgroups in hybrid mode not supported, drop all controllers from cgroupv2', /cgroup v2 only or use runc/],
    ['runc', `${RUNC} exec: "/no/such": stat /no/such: no such file or directory`, /no such program/],
    ['crun', 'executable file `/no/such` not found in $PATH: No such file or directory', /no such program/],
    ['runc', `${RUNC} exec: "nosuch": executable file not found in $PATH`, /PATH/],
    ['runc', `${RUNC} exec: "/bin/noexec": permission denied`, /not executable/],
    ['crun', 'open executable: Permission denied', /not executable/],
    ['runc', 'exec /bin/wrongarch: exec format error', /architecture/],
    ['runc', `${INIT} mkdir /work/file: not a directory`, /working_dir/],
    ['crun', 'chdir `/work/file`: Not a directory', /working_dir/],
    ['runc', `${RUNC} unable to apply caps: operation not permitted`, /capability/],
    ['crun', 'capset: Operation not permitted', /capability/],
    [
      'runc',
      `${INIT} unable to apply apparmor profile: apparmor failed to apply profile: write /proc/self/attr/exec: invalid argument`,
      /AppArmor/,
    ],
    ['crun', 'AppArmor is not initialized correctly', /AppArmor/],
    ['runc', 'runc create failed: selinux label is specified in config, but selinux is disabled', /SELinux/],
    ['crun', 'write to `/proc/self/attr/keycreate`: Invalid argument', /SELinux/],
    ['runc', 'runc create failed: User namespaces enabled, but no uid mappings found.', /too old/],
    [
      'runc',
      `${INIT} error mounting "/no/such/src" to rootfs at "/tmp": stat /no/such/src: no such file or directory`,
      /source/,
    ],
    ['crun', "error stat'ing file `/no/such/src`: No such file or directory", /source/],
    ['crun', 'mount `/etc/hostname` to `tmp`: Not a directory', /a file can be mounted on a file only/],
    ['crun', 'mount `x` to `tmp`: No such device', /file system type/],
    [
      'runc',
      `${INIT} error setting cgroup config for procHooks process: unable to set memory limit to 100000 (current usage: 2052096, peak usage: 2269184)`,
      /memory limit/,
    ],
    ['runc', 'runc create failed: string SCMP_ARCH_NOSUCH is not a valid arch for seccomp', /seccomp profile/],
    ['crun', 'seccomp unknown architecture NOSUCH', /seccomp profile/],
    [
      'runc',
      'runc create failed: unable to create new parent process: namespace path: lstat /run/nosuchns: no such file or directory',
      /namespaces are gone/,
    ],
    [
      'runc',
      `${INIT} error setting rlimits for ready process: error setting rlimit type 7: operation not permitted`,
      /limit/,
    ],
    ['crun', 'setrlimit `RLIMIT_NOFILE`: Operation not permitted', /CAP_SYS_RESOURCE/],
    ['runc', `${INIT} error running hook #0: fork/exec /no/hook: no such file or directory`, /OCI hook/],
    ['runc', 'runc create failed: sysctl "kernel.nosuch" is not in a separate kernel namespace', /on the node/],
    ['crun', 'the sysctl `kernel.nosuch` is not namespaced', /on the node/],
    ['crun', 'writing file `cpuset.cpus`: Numerical result out of range', /does not exist on this node/],
    ['crun', 'writing file `cpu.cfs_period_us`: Invalid argument', /CPU quota/],
    ['crun', 'open `/sys/fs/cgroup/hugetlb/pfm-test/x`: No such file or directory', /huge page/],
    ['runc', 'runc create failed: invalid configuration: cannot use unified on cgroup v1', /cgroup v2/],
    ['runc', `${INIT} sethostname: invalid argument`, /64 characters/],
    ['runc', `${RUNC} unable to setup user: uids and gids must be in range 0-2147483647`, /2147483647/],
    [
      'runc',
      'runc create failed: unable to create new parent process: unable to create init pipe: too many open files',
      /LimitNOFILE/,
    ],
    ['runc', 'runtime/cgo: pthread_create failed: Resource temporarily unavailable', /pids limit/],
    ['runc', 'runc create failed: mkdir /tmp/tiny/s: no space left on device', /full/],
    ['crun', 'writing file `/sys/fs/cgroup/cpuset/test/y/cgroup.procs`: No space left on device', /cpuset/],
    ['runc', 'runc create failed: systemd not running on this host, cannot use systemd cgroups manager', /cgroupfs/],
    ['crun', 'cannot open sd-bus: No such file or directory', /cgroupfs/],
    [
      'ld.so',
      'x: error while loading shared libraries: libx.so: cannot open shared object file: No such file',
      /shared library/,
    ],
    ['runsc', 'unknown platform: nosuch', /systrap/],
    ['runsc', 'cannot read client sync file: waiting for sandbox to start: EOF', /--debug-log=/],
    ['runsc', 'cannot run with network enabled in root network namespace', /newer release/],
  ])('knows the cure of what %s says: %s', (_, said, cure) => {
    expect(cureOf(said)).toMatch(cure);
  });

  // What could not be provoked on the machines these tests run on.
  it.each([
    ['hangs: /usr/bin/runsc --platform=kvm --root /r create', /systrap/],
    ['open /dev/kvm: no such file or directory', /kvm_intel/],
    ['Could not open /dev/vhost-vsock: No such file or directory', /vhost_vsock/],
    ['failed to unshare user namespace: Operation not permitted', /max_user_namespaces/],
    ['path "/data" is mounted on "/" but it is not a shared mount', /make-rshared/],
    ['mkdir /rootfs/data: read-only file system', /read-only/],
    ['unable to find user app: no matching entries in passwd file', /use a number/],
    ['fork/exec /proc/self/exe: cannot allocate memory', /out of memory/],
  ])('knows the cure of: %s', (said, cure) => {
    expect(cureOf(said)).toMatch(cure);
  });

  it('has a cure in the style of all messages: lower case, no full stop', () => {
    for (const { cure } of HINTS) expect(cure).toMatch(/^(?!.*\.$)([a-z]|AppArmor|CAP_|KVM|OCI|SELinux)/);
  });
});

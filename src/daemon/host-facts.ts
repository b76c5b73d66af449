// Finds out, once at start, what this host lets containers have.
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import type { CgroupHost } from '../cgroup/host.ts';
import { apparmorEnabled, isProfileLoaded } from '../host/apparmor.ts';
import { boundingCapabilities, ownOomScoreAdj } from '../host/procfs.ts';
import { selinuxEnabled } from '../host/selinux.ts';
import type { HostFacts } from '../oci/spec-input.ts';

const CAP_SYS_RESOURCE = 24n;

export function findHostFacts(cgroups: CgroupHost): Omit<HostFacts, 'hostDevices'> {
  const bounding = boundingCapabilities();
  return {
    boundingCapabilities: bounding,
    ownOomScoreAdj: ownOomScoreAdj(),
    canLowerOomScore: ((bounding >> CAP_SYS_RESOURCE) & 1n) === 1n,
    apparmorEnabled: apparmorEnabled(),
    isApparmorProfileLoaded: isProfileLoaded,
    selinuxEnabled: selinuxEnabled(),
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    kernelRelease: release(),
    cgroupVersion: cgroups.version,
    swapAccounting: cgroups.facts.swapAccounting,
    hugetlb: cgroups.facts.hugetlb,
  };
}

/** Whether systemd is this host's init. @see sd_booted(3) */
export function systemdRuns(): boolean {
  return existsSync('/run/systemd/system');
}

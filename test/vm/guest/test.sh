#!/bin/bash
# Runs the suites named, or the usual ones; what they find goes to standard output and, for machines, to /lab/results/checks.jsonl.
set -uo pipefail
cd /lab/guest || exit 1
suites=("$@")
((${#suites[@]})) || suites=(unit restarts systemd cgroup_v2 user_namespaces apparmor everyday conformance)
for file in checks setup pods unit systemd cgroup-v2 user-namespaces apparmor everyday conformance gvisor kubelet; do
  # shellcheck source=/dev/null
  source "/lab/guest/$file.sh"
done
check 'install: as an administrator without a network would' set_up
check 'install: an image is pulled' crictl pull "$BUSYBOX"
for suite in "${suites[@]}"; do "suite_$suite"; done
crictl rmp --all --force >/dev/null 2>&1
verdict

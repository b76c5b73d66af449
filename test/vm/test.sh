#!/usr/bin/env bash
# npm run test:vm: crisol in a virtual machine of its own, with systemd, cgroup v2, AppArmor and every capability.
# Usage: test.sh [SUITE...]    (unit restarts systemd cgroup_v2 user_namespaces apparmor everyday conformance, which are
# run when none is named; upgrade import userns_specs; gvisor, and after it gvisor_demo and gvisor_specs; kubelet, which
# builds a kubelet first: a quarter of an hour)
# Results go to .lab/reports/vm: checks.jsonl, the machine's journal and critest's reports.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$here/../lab/paths.sh"
need_root
"$LAB_SRC/build.sh"
"$LAB_SRC/install.sh"
"$LAB_SRC/images/push.sh"
# From the Go module of Kubernetes, whose own parts are modules of their own.
build_kubelet() {
  say 'build kubelet'
  (cd "$here/kubelet" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -trimpath \
    -ldflags '-s -w -X k8s.io/component-base/version.gitVersion=v1.36.1' -o "$BIN/kubelet" k8s.io/kubernetes/cmd/kubelet)
}

with=()
asks_for() { [[ " ${suites[*]} " == *" $1"* ]]; }
suites=("$@")
! asks_for 'kubelet ' || build_kubelet
! asks_for gvisor || with+=(--with "$BIN/runsc" --with "$BIN/shims")
if asks_for 'gvisor_demo '; then
  "$here/../demo/image.sh"
  with+=(--with "$LAB/demo/image.tar" --with "$here/../demo" --with "$here/../bench")
fi
"$here/run.sh" "${with[@]}" --results "$LAB/reports/vm" bash guest/test.sh "$@"

# shellcheck shell=bash
# The systemd cgroup driver: where scopes and slices are, and that they go.

SLICE_OF_POD=kubepods-burstable-podvm1234.slice
SLICE_PATH=/kubepods.slice/kubepods-burstable.slice/$SLICE_OF_POD

kubelet_slice() {
  local pod id
  pod=$(run_pod "$1" "slice-$1" '.linux.cgroup_parent = "'"$SLICE_OF_POD"'"')
  id=$(run "$pod" "slice-$1")
  equal 'cgroup of the container' "$(cgroup_path "$id")" "$SLICE_PATH/crisol-$id.scope"
  equal 'state of the scope' "$(systemctl is-active "crisol-$id.scope")" active
  systemctl daemon-reload
  equal 'cgroup after daemon-reload' "$(cgroup_path "$id")" "$SLICE_PATH/crisol-$id.scope"
  crictl rmp --force "$pod"
  eventually gone "crisol-$id.scope"
  [[ ! -e /sys/fs/cgroup$SLICE_PATH/crisol-$id.scope ]]
  # The kubelet made that name, and takes it away itself.
  systemctl stop "$SLICE_OF_POD"
}

gone() { [[ $(systemctl show -P LoadState "$1") == not-found || $(systemctl is-active "$1") == inactive ]]; }

own_slice() {
  local pod id slice
  pod=$(run_pod "$1" "own-$1")
  id=$(run "$pod" "own-$1")
  slice=crisol-pod$pod.slice
  equal 'cgroup of the container' "$(cgroup_path "$id")" "/crisol.slice/$slice/crisol-$id.scope"
  crictl rmp --force "$pod"
  eventually gone "$slice"
  [[ ! -e /sys/fs/cgroup/crisol.slice/$slice ]]
}

shared_pid() {
  local pod id
  pod=$(run_pod "$1" "pause-$1" '.linux.security_context.namespace_options = { pid: 0 } | .linux.cgroup_parent = "'"$SLICE_OF_POD"'"')
  id=$(run "$pod" "pause-$1" '.linux.security_context.namespace_options = { pid: 0 }')
  matches 'scope of the pause process' "$(ls /sys/fs/cgroup$SLICE_PATH)" "crisol-$pod.scope"
  matches 'processes' "$(crictl exec --sync "$id" ps)" 'PID'
  crictl rmp --force "$pod"
  eventually gone "crisol-$pod.scope"
  systemctl stop "$SLICE_OF_POD"
}

wrong_style() {
  local output
  output=$(refused run_pod runc wrong-style '.linux.cgroup_parent = "/kubepods/podx"')
  matches 'error' "$output" 'is no systemd slice, but the cgroup driver is systemd'
}

nothing_left() {
  equal 'scopes' "$(systemctl list-units --no-legend --plain --all 'crisol-*' | grep -v crisol.service || true)" ''
  equal 'cgroups' "$(find /sys/fs/cgroup -name 'crisol-*' ! -name crisol.service)" ''
  equal 'mounts' "$(grep -cE ' /(run|var/lib)/crisol/' /proc/self/mountinfo || true)" 0
  equal 'monitors' "$(pgrep -c conmon || true)" 0
  equal 'interfaces' "$(ip -o link show type veth)" ''
}

suite_systemd() {
  local handler
  for handler in runc crun; do
    check "systemd: scope in the kubelet's slice, gone afterwards ($handler)" kubelet_slice "$handler"
    check "systemd: slice of its own, gone afterwards ($handler)" own_slice "$handler"
    check "systemd: pause process of a shared pid namespace ($handler)" shared_pid "$handler"
  done
  check 'systemd: a parent of the other driver is refused' wrong_style
  check 'systemd: nothing is left' nothing_left
}

#!/usr/bin/env bash
# Runs a command against a crisol daemon of its own: namespaces, registry, mirrors, network, daemon; then
# stops everything and fails if a mount, interface, lease, cgroup or process stayed behind.
# Usage: lab.sh [--keep] COMMAND [ARG...]    (--keep leaves logs and state in place and says where)
# Env: LAB_RUNTIME (crisol, or containerd to compare with), LAB_HANDLER (runc), LAB_LOG_LEVEL (info)
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/paths.sh"
# shellcheck source=test/lab/registry.sh
source "$LAB_SRC/registry.sh"
# shellcheck source=test/lab/config.sh
source "$LAB_SRC/config.sh"
# shellcheck source=test/lab/leftovers.sh
source "$LAB_SRC/leftovers.sh"
# shellcheck source=test/lab/daemon.sh
source "$LAB_SRC/daemon.sh"
# shellcheck source=test/lab/containerd.sh
source "$LAB_SRC/containerd.sh"
need_root

keep=false
[[ ${1-} == --keep ]] && keep=true && shift
(($#)) || die 'usage: lab.sh [--keep] COMMAND [ARG...]'
if [[ -z ${CRISOL_LAB-} ]]; then
  # All of these are quick when nothing changed.
  [[ ${LAB_RUNTIME-crisol} != crisol ]] || "$LAB_SRC/build.sh"
  "$LAB_SRC/install.sh"
  "$LAB_SRC/images/push.sh"
  [[ ${LAB_RUNTIME-} != containerd ]] || install_containerd
  keep_flag=()
  $keep && keep_flag=(--keep)
  exec "$LAB_SRC/namespace.sh" "$LAB_SRC/lab.sh" "${keep_flag[@]}" "$@"
fi

mkdir -p "$LAB/state"
# Sockets need a short path; images and container file systems need a disk.
dir=$(mktemp -d /run/lab.XXXXXX)
root=$(mktemp -d "$LAB/state/XXXXXX")
# Root of a user namespace must be able to pass.
chmod 711 "$dir" "$root"
parent=/crisol-${dir##*.}
socket=$dir/crisol.sock
# Another run of the same checkout has a log of its own; the last one's is kept.
daemon_log=$dir/daemon.log
# shellcheck disable=SC2317 # called by the trap
finish() {
  local status=$?
  trap - EXIT INT TERM
  set +e
  remove_pods
  stop_daemon || status=70
  stop_registry
  cp "$daemon_log" "$LAB/daemon.log"
  check_leftovers "$dir" "$parent" "$mounts_before" || status=$((status ? status : 70))
  if $keep; then
    echo "lab: kept $dir, $root and $daemon_log" >&2
  else
    awk -v root="$root" -v dir="$dir" 'index($5, root) == 1 || index($5, dir) == 1 { print $5 }' /proc/self/mountinfo |
      sort -r | xargs -r umount -l
    rm -rf --one-file-system "$dir" "$root"
  fi
  exit "$status"
}

mounts_before=$(mounts_now)
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
start_registry "$LAB/registry"
write_network_config "$dir/cni"
write_registry_config "$dir/certs.d"
export CONTAINER_RUNTIME_ENDPOINT=unix://$socket IMAGE_SERVICE_ENDPOINT=unix://$socket
printf '%s\n' "runtime-endpoint: unix://$socket" "image-endpoint: unix://$socket" 'timeout: 60' >"$dir/crictl.yaml"
export CRI_CONFIG_FILE=$dir/crictl.yaml
export LAB_DIR=$dir LAB_ROOT=$root LAB_REGISTRY=$REGISTRY LAB_DAEMON_LOG=$daemon_log
"start_${LAB_RUNTIME-crisol}"
status=0
"$@" || status=$?
exit "$status"

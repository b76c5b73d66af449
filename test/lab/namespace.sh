#!/usr/bin/env bash
# Runs a command in mount, network, ipc and uts namespaces of its own, below a subreaper: what it mounts,
# what interfaces, rules and shared memory it makes goes away with it, and a process left running
# makes it fail. Usage: namespace.sh COMMAND [ARG...]
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/paths.sh"

# crun refuses a hybrid host whose cgroup2 mount holds a controller: here it is shown none.
hide_hybrid_controllers() {
  local controllers=/sys/fs/cgroup/unified/cgroup.controllers
  [[ -s $controllers || -n $(cat "$controllers" 2>/dev/null) ]] || return 0
  mount --bind /dev/null "$controllers"
}

# Old runtimes give the null device to a container's user: they get one of this run's own, not the machine's.
own_null_device() {
  mount -t tmpfs null /mnt
  mknod -m 666 /mnt/null c 1 3
  mount --bind /mnt/null /dev/null
  umount -l /mnt
}

if [[ ${1-} == --inside ]]; then
  shift
  # Pods with bidirectional mounts need a shared root; sharing ends at this namespace.
  mount --make-rshared /
  ip link set lo up
  # First, or it would be mounted over what else was bound to the null device, too.
  own_null_device
  hide_hybrid_controllers
  export CRISOL_LAB=1
  exec "$@"
fi

need_root
(($#)) || die 'usage: namespace.sh COMMAND [ARG...]'
[[ -z ${CRISOL_LAB-} ]] || exec "$@"
exec unshare --mount --net --ipc --uts --propagation private "$BIN/subreaper" bash "$LAB_SRC/namespace.sh" --inside "$@"

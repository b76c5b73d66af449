#!/usr/bin/env bash
# npm run demo: from a clone to pods on every handler that works on this machine, and back to nothing. Of a handler that
# does not work it tells what the daemon found wrong with it; it fails when one that works could not run its pod.
# Installs what is missing, builds, starts a standalone daemon in namespaces of its own, imports an image made
# of the machine's busybox, runs one pod a handler and removes everything.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$here/../lab/paths.sh"
# shellcheck source=test/lab/config.sh
source "$LAB_SRC/config.sh"
# shellcheck source=test/lab/leftovers.sh
source "$LAB_SRC/leftovers.sh"
crisol=(node "$REPO/dist/bundle/main.js")

prepare() {
  need_root
  "$LAB_SRC/build.sh"
  "$LAB_SRC/install.sh" --demo
  "$here/image.sh"
}

# write_config DIRECTORY PARENT: one [runtimes.NAME] for each runtime the machine has. gVisor's shim is among them on every
# machine: one that it cannot run on is told so.
write_config() {
  local handler
  printf 'version = 1\n\n[cri]\ndefault_cgroup_parent = "%s"\n' "$2"
  for handler in runc crun youki; do
    command -v "$handler" >/dev/null || continue
    printf '\n[runtimes.%s]\nkind = "oci"\npath = "%s"\n' "$handler" "$handler"
  done
  write_runsc_handlers
  write_shim_handlers
  write_gvisor_shim "$1"
}

stop_daemon() {
  kill "$daemon" 2>/dev/null || return 0
  wait "$daemon" || true
}

run() {
  local dir parent mounts status=0
  dir=$(mktemp -d /run/demo.XXXXXX)
  parent=/crisol-${dir##*.}
  write_config "$dir" "$parent" >"$dir/config.toml"
  mounts=$(mounts_now)
  say "crisol serve --standalone $dir"
  "${crisol[@]}" serve --standalone "$dir" >"$LAB/demo/daemon.log" 2>&1 &
  daemon=$!
  trap stop_daemon EXIT
  node "$here/demo.mjs" "$dir/crisol.sock" "$LAB/demo/image.tar" || status=$?
  trap - EXIT
  stop_daemon
  ((status == 0)) || tail -20 "$LAB/demo/daemon.log" >&2
  check_leftovers "$dir" "$parent" "$mounts" || status=70
  rm -rf --one-file-system "$dir"
  return "$status"
}

if [[ ${1-} == --inside ]]; then
  run
else
  prepare
  "$LAB_SRC/namespace.sh" "$here/demo.sh" --inside
  say 'nothing left: no process, mount, interface, address, rule or cgroup'
fi

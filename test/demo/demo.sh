#!/usr/bin/env bash
# npm run demo: from a clone to pods on every handler that works on this machine, and back to nothing.
# Installs what is missing, builds, starts a standalone daemon in namespaces of its own, imports an image made
# of the machine's busybox, runs one pod a handler and removes everything.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$here/../lab/paths.sh"
# shellcheck source=test/lab/leftovers.sh
source "$LAB_SRC/leftovers.sh"
crisol=(node "$REPO/dist/src/main.js")

prepare() {
  need_root
  "$LAB_SRC/build.sh"
  "$LAB_SRC/install.sh" --demo
  rm -rf "$LAB/demo"
  mkdir -p "$LAB/demo"
  "$LAB_SRC/images/trees.sh" "$LAB/demo/trees" busybox
  node "$here/image.mjs" "$LAB/demo/trees/busybox" "$LAB/demo/layout"
  tar -cf "$LAB/demo/image.tar" -C "$LAB/demo/layout" .
}

# write_config PARENT: one [runtimes.NAME] for each OCI runtime the machine has.
write_config() {
  local handler
  printf 'version = 1\n\n[cri]\ndefault_cgroup_parent = "%s"\n' "$1"
  for handler in runc crun youki runsc; do
    command -v "$handler" >/dev/null || continue
    printf '\n[runtimes.%s]\nkind = "oci"\npath = "%s"\n' "$handler" "$handler"
  done
}

stop_daemon() {
  kill "$daemon" 2>/dev/null || return 0
  wait "$daemon" || true
}

run() {
  local dir parent mounts status=0
  dir=$(mktemp -d /run/demo.XXXXXX)
  parent=/crisol-${dir##*.}
  write_config "$parent" >"$dir/config.toml"
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

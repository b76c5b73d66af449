# shellcheck shell=bash
# shellcheck disable=SC2154 # dir, root, parent, socket and daemon_log are of lab.sh
# Starts and stops the daemon a lab run is about, for lab.sh to source.

start_crisol() {
  local entry=$REPO/dist/bundle/main.js
  [[ -f $entry ]] || die "the daemon is not built: $entry is missing; run \"npm run build\""
  write_daemon_config "$dir" "$root" "$parent"
  node "$entry" serve --config "$dir/config.toml" >"$daemon_log" 2>&1 &
  wait_for_daemon $!
}

# wait_for_daemon PID
wait_for_daemon() {
  echo "$1" >"$dir/daemon.pid"
  for _ in $(seq 200); do
    crictl version >/dev/null 2>&1 && return 0
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  tail -30 "$daemon_log" >&2
  die "the daemon did not answer on $socket, see above"
}

# A command may have killed and restarted the daemon: daemon.pid is whoever serves now.
stop_daemon() {
  local pid
  pid=$(cat "$dir/daemon.pid" 2>/dev/null || true)
  [[ -n $pid ]] || return 0
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  echo "lab: the daemon did not stop within 10 s of SIGTERM" >&2
  kill -9 "$pid" 2>/dev/null || true
  return 1
}

remove_pods() {
  local pods
  pods=$(crictl pods --quiet 2>/dev/null || true)
  [[ -n $pods ]] || return 0
  echo "lab: $(wc -l <<<"$pods") pods left by the command, removed now" >&2
  timeout 120 crictl rmp --all --force >/dev/null 2>>"$daemon_log" || true
}

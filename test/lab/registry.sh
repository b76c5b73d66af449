# shellcheck shell=bash
# Starts and stops the lab's registry on loopback, for scripts of the lab to source after paths.sh.

REGISTRY=127.0.0.1:5000
registry_pid=

# start_registry DATA
start_registry() {
  local config=$LAB/registry.yml log=$LAB/registry.log
  printf '%s\n' 'version: 0.1' 'log: {level: warn}' "storage: {filesystem: {rootdirectory: $1}, delete: {enabled: true}}" \
    "http: {addr: $REGISTRY}" >"$config"
  docker-registry serve "$config" >"$log" 2>&1 &
  registry_pid=$!
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/${REGISTRY/:/\/}") 2>/dev/null && return 0
    kill -0 "$registry_pid" 2>/dev/null || break
    sleep 0.05
  done
  cat "$log" >&2
  die "the registry did not start, see above"
}

stop_registry() {
  [[ -n $registry_pid ]] || return 0
  kill "$registry_pid" 2>/dev/null || true
  wait "$registry_pid" 2>/dev/null || true
  registry_pid=
}

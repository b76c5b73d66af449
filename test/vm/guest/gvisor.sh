# shellcheck shell=bash
# gVisor, as an OCI runtime and below its own shim. That shim lowers its OOM score, for which the lab's own machine may
# lack the capability.

enable_gvisor() {
  install -m 755 /lab/runsc /lab/shims/current/* /usr/local/bin/
  # As deploy/config.toml.d/50-gvisor-shim.toml has it.
  sed -n 's/^#   //p' /root/package/crisol/deploy/config.toml.d/50-gvisor-shim.toml >/etc/crisol/runsc-shim.toml
  cat >/etc/crisol/config.toml.d/30-gvisor.toml <<'CONFIG'
[runtimes.runsc]
kind = "oci"
path = "/usr/local/bin/runsc"
args = ["--platform=systrap"]
preflight_timeout = "10m"

[runtimes.shim-runsc]
kind = "shim-v2"
path = "/usr/local/bin/containerd-shim-runsc-v1"
config_path = "/etc/crisol/runsc-shim.toml"
preflight_timeout = "10m"

[runtimes.shim-runc]
kind = "shim-v2"
path = "/usr/local/bin/containerd-shim-runc-v2"
preflight_timeout = "10m"
CONFIG
  crisol config check
  systemctl reload crisol
}

# A kernel inside an emulated machine takes minutes to start for the first time.
becomes_ready() {
  local try
  for try in $(seq 150); do
    if handler_works "$1"; then return 0; fi
    sleep 2
  done
  crisol handlers
  return 1
}

handler_works() {
  [[ $(crictl info | jq -r --arg type "HandlerReady/$1" '.status.conditions[] | select(.type == $type) | .status') == true ]]
}

# What the user of a pod sees: gVisor's kernel, and everything as with another runtime.
in_gvisor() {
  local pod id
  pod=$(run_pod "$1" "gvisor-$1")
  id=$(run "$pod" "gvisor-$1" '.command = ["sh", "-c", "trap \"exit 0\" TERM; echo said; while :; do sleep 1; done"]')
  equal 'state' "$(inspect "$id" .status.state)" CONTAINER_RUNNING
  eventually logged "$id"
  equal 'log' "$(crictl logs "$id")" said
  crictl exec --sync "$id" uname -a
  crictl exec --sync "$id" cat /proc/version
  matches 'messages of the kernel' "$(crictl exec --sync "$id" dmesg)" 'gVisor'
  equal 'streaming exec' "$(printf 'through and back' | crictl exec -i "$id" cat)" 'through and back'
  crictl stop --timeout 20 "$id"
  equal 'exit code' "$(inspect "$id" .status.exitCode)" 0
  crictl rm "$id"
  crictl stopp "$pod"
  crictl rmp "$pod"
  equal 'cgroups' "$(find /sys/fs/cgroup -name "crisol-*$pod*")" ''
}

logged() { [[ -n $(crictl logs "$1") ]]; }

# A task that was never started has an end all the same.
never_started() {
  local pod id
  pod=$(run_pod "$1" "never-$1")
  id=$(create "$pod" "never-$1")
  crictl stop --timeout 20 "$id"
  equal 'state' "$(inspect "$id" .status.state)" CONTAINER_EXITED
  equal 'exit code' "$(inspect "$id" .status.exitCode)" 137
  crictl rm "$id"
  id=$(create "$pod" "never-$1")
  crictl rm --force "$id"
  crictl stopp "$pod"
  crictl rmp "$pod"
}

# The sandbox and its containers go on without the daemon.
survives_the_daemon() {
  local pod id
  pod=$(run_pod "$1" "survivor-$1")
  id=$(run "$pod" "survivor-$1")
  systemctl kill --signal KILL --kill-whom main crisol
  eventually handler_works "$1"
  equal 'state' "$(inspect "$id" .status.state)" CONTAINER_RUNNING
  equal 'exec' "$(crictl exec --sync "$id" echo still here)" 'still here'
  crictl rmp --force "$pod"
}

gvisor_shim_pod() {
  in_gvisor shim-runsc
  equal 'shims' "$(pgrep -fc '^/usr/local/bin/containerd-shim-runsc-v1 ' || true)" 0
}

# The demo of `npm run demo`, with the handler that the lab's own machine may lack the capability for.
demo() {
  mkdir -p /opt/crisol/test
  cp -r /lab/demo /lab/bench /opt/crisol/test/
  crictl rmp --all --force
  crictl rmi --all
  node /opt/crisol/test/demo/demo.mjs /run/crisol/crisol.sock /lab/image.tar | sed 's/^/told: /'
  crictl pull "$BUSYBOX"
}

# How conformance stands is for a person to read: the suite takes hours here.
all_specs() {
  local report=$RESULTS/critest-$1.xml
  run_specs "$report" "$@"
  node /lab/guest/verdict.mjs "$report" /lab/expected-outcomes.txt "$1" | sed 's/^/told: /'
}

suite_gvisor() {
  check 'gvisor: two handlers are configured' enable_gvisor
  check 'gvisor: runsc is ready' becomes_ready runsc
  check 'gvisor: a pod on runsc' in_gvisor runsc
  check 'gvisor: on runsc, a container that needs too much memory' oom runsc
  check "gvisor: its own shim is ready" becomes_ready shim-runsc
  check "gvisor: a pod on gVisor's own shim" gvisor_shim_pod
  check "gvisor: on its own shim, a container that is never started" never_started shim-runsc
  check "gvisor: on its own shim, a container that needs too much memory" oom shim-runsc
  check "gvisor: and one in a slice that is not the pod's own" oom shim-runsc '.linux.cgroup_parent = "system.slice"'
  check "gvisor: on its own shim, a daemon that is killed" survives_the_daemon shim-runsc
}

suite_gvisor_demo() { check 'gvisor: the demo' demo; }

suite_gvisor_specs() { check "gvisor: conformance on its own shim" all_specs shim-runsc; }

suite_gvisor_settings() {
  check "gvisor: what its own shim must be told" all_specs shim-runsc -ginkgo.focus 'Seccomp|NoNewPrivs|OOM|readonly mounts'
}

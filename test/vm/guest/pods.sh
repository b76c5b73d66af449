# shellcheck shell=bash
# Pods and containers by crictl, for the suites to source.

BUSYBOX=registry.k8s.io/e2e-test-images/busybox:1.29-2
LOGS=/var/log/pods
export CONTAINER_RUNTIME_ENDPOINT=unix:///run/crisol/crisol.sock IMAGE_SERVICE_ENDPOINT=unix:///run/crisol/crisol.sock

# Emulation is slow, and crictl's own limits are meant for machines.
crictl() { command crictl --timeout 120s "$@"; }

# As the kubelet asks, unless a test asks for something else: a pid namespace for each container.
OWN_PID=' | .linux.security_context.namespace_options.pid //= 1'

# run_pod HANDLER NAME [JQ]: starts a pod and prints its id; the filter changes its config.
run_pod() {
  local config=/run/pod-$2.json
  jq -n --arg name "$2" --arg logs "$LOGS/$2" \
    '{ metadata: { name: $name, namespace: "vm", uid: $name, attempt: 0 }, log_directory: $logs, linux: {} } | '"${3-.}$OWN_PID" >"$config"
  crictl runp --runtime "$1" "$config"
}

# create POD NAME JQ: creates a container; its config is the filter's, on a busybox that waits.
create() {
  local config=/run/container-$2.json pod_config
  pod_config=/run/pod-$(crictl inspectp -o go-template --template '{{.status.metadata.name}}' "$1").json
  jq -n --arg name "$2" --arg image "$BUSYBOX" \
    '{ metadata: { name: $name, attempt: 0 }, image: { image: $image }, command: ["sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 1; done"],
       log_path: ($name + ".log"), linux: {} } | '"${3-.}$OWN_PID" >"$config"
  crictl create "$1" "$config" "$pod_config"
}

# run POD NAME [JQ]: creates and starts a container.
run() {
  local id
  id=$(create "$@") && crictl start "$id" >/dev/null && echo "$id"
}

# inspect ID JQ
inspect() { crictl inspect "$1" | jq -r "$2"; }

state_is() { [[ $(inspect "$1" .status.state) == "$2" ]]; }

pid_of() { inspect "$1" .info.pid; }

# cgroup_path CONTAINER: its scope, as the kernel tells it. crun puts the processes one level below.
cgroup_path() { sed -n 's/^0:://; s#/container$##; p' "/proc/$(pid_of "$1")/cgroup"; }

cgroup_of() { echo "/sys/fs/cgroup$(cgroup_path "$1")"; }

remove_pods() { crictl rmp --all --force >/dev/null; }

daemon_pid() { systemctl show -P MainPID crisol; }

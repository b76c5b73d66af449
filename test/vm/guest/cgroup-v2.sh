# shellcheck shell=bash
# Limits, their change, usage and lack of memory on cgroup v2.

# value CONTAINER FILE: what its cgroup says.
value() { cat "$(cgroup_of "$1")/$2"; }

# swap_of HANDLER LIMIT: a memory limit allows no swap. crun on systemd takes memory and swap together for the swap's limit.
swap_of() { if [[ $1 == crun ]]; then echo "$2"; else echo 0; fi; }

limits() {
  local pod id
  pod=$(run_pod "$1" "limits-$1")
  id=$(run "$pod" "limits-$1" '.linux.resources = {
    cpu_shares: 512, cpu_quota: 50000, cpu_period: 100000, cpuset_cpus: "0", cpuset_mems: "0",
    memory_limit_in_bytes: 67108864, oom_score_adj: 300,
    unified: { "memory.high": "50331648", "pids.max": "99", "memory.low": "4194304" } }')
  equal cpu.weight "$(value "$id" cpu.weight)" "$2"
  equal cpu.max "$(value "$id" cpu.max)" '50000 100000'
  equal cpuset.cpus "$(value "$id" cpuset.cpus)" 0
  equal memory.max "$(value "$id" memory.max)" 67108864
  equal memory.swap.max "$(value "$id" memory.swap.max)" "$(swap_of "$1" 67108864)"
  equal memory.high "$(value "$id" memory.high)" 50331648
  equal memory.low "$(value "$id" memory.low)" 4194304
  equal pids.max "$(value "$id" pids.max)" 99
  equal oom_score_adj "$(cat "/proc/$(pid_of "$id")/oom_score_adj")" 300
  equal 'the cgroup it sees itself in' "$(crictl exec --sync "$id" cat /proc/self/cgroup)" '0::/'
  echo "$pod $id" >"/run/limits-$1"
}

update() {
  local pod id
  read -r pod id <"/run/limits-$1"
  crictl update --cpu-share 1024 --cpu-quota 75000 --cpu-period 100000 --memory 134217728 "$id"
  equal cpu.weight "$(value "$id" cpu.weight)" "$2"
  equal cpu.max "$(value "$id" cpu.max)" '75000 100000'
  equal memory.max "$(value "$id" memory.max)" 134217728
  equal memory.swap.max "$(value "$id" memory.swap.max)" "$(swap_of "$1" 134217728)"
  equal 'memory limit in the status' "$(inspect "$id" .status.resources.linux.memoryLimitInBytes)" 134217728
  # systemd applies what it knows again at a reload: limits that it does not know would be lost here.
  systemctl daemon-reload
  equal 'memory.max after daemon-reload' "$(value "$id" memory.max)" 134217728
  equal 'memory.swap.max after daemon-reload' "$(value "$id" memory.swap.max)" "$(swap_of "$1" 134217728)"
  equal 'memory.high after daemon-reload' "$(value "$id" memory.high)" 50331648
}

resize_pod() {
  local pod id
  read -r pod id </run/limits-runc
  node /lab/guest/rpc.mjs UpdatePodSandboxResources \
    "$(jq -cn --arg id "$pod" '{ pod_sandbox_id: $id, resources: { memory_limit_in_bytes: 268435456 } }')"
  # Of a pod that is gone the kubelet must hear that it is gone.
  matches 'error' "$(refused node /lab/guest/rpc.mjs UpdatePodSandboxResources "{ \"pod_sandbox_id\": \"${id}\" }")" 'NOT_FOUND'
}

bad_unified() {
  local pod id output
  read -r pod id <"/run/limits-$1"
  output=$(refused run "$pod" "bad-$1" '.linux.resources = { unified: { "memory.nonsense": "1" } }')
  matches 'error' "$output" 'memory.nonsense'
  equal 'containers of the pod' "$(crictl ps --all --quiet --pod "$pod")" "$id"
  equal 'scopes of the pod' "$(systemctl list-units --no-legend --plain 'crisol-*.scope' | cut -d' ' -f1)" "crisol-$id.scope"
}

# What limits and its followers share ends here.
limits_end() {
  local pod id
  read -r pod id <"/run/limits-$1"
  crictl rmp --force "$pod"
  eventually no_cgroup "crisol-$id.scope"
}

no_cgroup() { [[ -z $(find /sys/fs/cgroup -name "$1") ]]; }

# oom HANDLER [JQ]: the filter changes the pod's config.
oom() {
  local pod id
  pod=$(run_pod "$1" "oom-$1" "${2-.}")
  id=$(run "$pod" "oom-$1" '.command = ["sh", "-c", "sleep 1; tail /dev/zero"] | .linux.resources = { memory_limit_in_bytes: 20971520, memory_swap_limit_in_bytes: 20971520 }')
  eventually state_is "$id" CONTAINER_EXITED
  equal 'exit code' "$(inspect "$id" .status.exitCode)" 137
  equal 'reason' "$(inspect "$id" .status.reason)" OOMKilled
  crictl rmp --force "$pod"
}

stats() {
  local pod id stats
  pod=$(run_pod "$1" "stats-$1")
  id=$(run "$pod" "stats-$1" '.command = ["sh", "-c", "dd if=/dev/zero of=/fill bs=1024 count=2048 2>/dev/null; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; while :; do sleep 1; done"]
    | .linux.resources = { memory_limit_in_bytes: 104857600, cpu_quota: 80000, cpu_period: 100000 }')
  eventually wrote_two_megabytes "$id"
  stats=$(crictl stats --output json --id "$id" | jq '.stats[0]')
  between 'CPU time' "$(jq -r .cpu.usageCoreNanoSeconds.value <<<"$stats")" 1000000 100000000000
  between 'working set' "$(jq -r .memory.workingSetBytes.value <<<"$stats")" 10000 104857600
  between 'usage' "$(jq -r .memory.usageBytes.value <<<"$stats")" 10000 104857600
  between 'available' "$(jq -r .memory.availableBytes.value <<<"$stats")" 50000000 104857600
  between 'page faults' "$(jq -r .memory.pageFaults.value <<<"$stats")" 10 10000000
  stats=$(crictl statsp --output json --id "$pod" | jq '.stats[0]')
  equal 'containers of the pod' "$(jq -r '.linux.containers | length' <<<"$stats")" 1
  between 'CPU time of the pod' "$(jq -r .linux.cpu.usageCoreNanoSeconds.value <<<"$stats")" 1000000 100000000000
  between 'processes of the pod' "$(jq -r .linux.process.processCount.value <<<"$stats")" 1 20
  equal 'interface' "$(jq -r .linux.network.defaultInterface.name <<<"$stats")" eth0
  echo "$pod $id" >"/run/stats-$1"
}

# metrics POD [CONTAINER]: of a pod or one of its containers, one "NAME VALUE" a line.
metrics() {
  jq -r --arg pod "$1" --arg container "${2-}" '
    .. | objects | select(.podSandboxId? == $pod)
    | if $container == "" then . else .containerMetrics[] | select(.containerId == $container) end
    | .metrics[] | "\(.name) \(.value.value // 0)"' /run/metrics.json
}

metric() { awk -v name="$2" '$1 == name { print $2; exit }' "$1"; }

told_as_metrics() {
  local pod id
  read -r pod id <"/run/stats-$1"
  crictl metricsp --output json >/run/metrics.json
  metrics "$pod" "$id" >/run/metrics
  equal 'memory limit' "$(metric /run/metrics container_spec_memory_limit_bytes)" 104857600
  equal 'CPU quota' "$(metric /run/metrics container_spec_cpu_quota)" 80000
  equal 'CPU period' "$(metric /run/metrics container_spec_cpu_period)" 100000
  between 'memory' "$(metric /run/metrics container_memory_usage_bytes)" 10000 104857600
  between 'working set' "$(metric /run/metrics container_memory_working_set_bytes)" 10000 104857600
  between 'page faults' "$(metric /run/metrics container_memory_failures_total)" 1 10000000
  equal 'processes killed for lack of memory' "$(metric /run/metrics container_oom_events_total)" 0
  between 'processes' "$(metric /run/metrics container_processes)" 1 20
  matches 'CPU time' "$(metric /run/metrics container_cpu_usage_seconds_total)" '^[0-9]+$'
  metrics "$pod" >/run/metrics
  between 'memory of the pod' "$(metric /run/metrics container_memory_usage_bytes)" 10000 1000000000
  between 'bytes received' "$(metric /run/metrics container_network_receive_bytes_total)" 0 100000000
  crictl rmp --force "$pod"
}

wrote_two_megabytes() {
  (($(crictl stats --output json --id "$1" | jq -r '.stats[0].writableLayer.usedBytes.value // 0') >= 2097152))
}


events() {
  local pod id seen
  timeout 100 "$(type -P crictl)" --timeout 120s events >/run/events.log 2>/dev/null &
  sleep 3
  pod=$(run_pod runc events)
  id=$(run "$pod" events '.command = ["true"]')
  eventually state_is "$id" CONTAINER_EXITED
  crictl rmp --force "$pod"
  sleep 2
  kill %1 || true
  seen=$(jq -r --arg id "$id" 'select(.containerId == $id) | .containerEventType' /run/events.log | sort -u | tr '\n' ' ')
  equal 'events of the container' "$seen" 'CONTAINER_CREATED_EVENT CONTAINER_DELETED_EVENT CONTAINER_STARTED_EVENT CONTAINER_STOPPED_EVENT '
}

# The daemon's own score is -999: nothing of it may reach a container.
oom_scores() {
  local pod plain
  pod=$(run_pod "$1" "score-$1")
  has_score "$(run "$pod" "score-$1" '.linux.resources = { oom_score_adj: -997 }')" -997
  plain=$(run "$pod" "plain-$1")
  has_score "$plain" 0
  equal 'score by the streaming exec' "$(crictl exec "$plain" cat /proc/self/oom_score_adj)" 0
  crictl rmp --force "$pod"
}

# has_score CONTAINER SCORE
has_score() {
  equal 'score of the container' "$(cat "/proc/$(pid_of "$1")/oom_score_adj")" "$2"
  equal 'score of what is run in it' "$(crictl exec --sync "$1" cat /proc/self/oom_score_adj)" "$2"
}

suite_cgroup_v2() {
  local handler
  for handler in runc crun; do
    check "cgroup v2: limits and unified keys ($handler)" limits "$handler" 20
    check "cgroup v2: update, kept over daemon-reload ($handler)" update "$handler" 39
    check "cgroup v2: an unknown unified key is refused by name ($handler)" bad_unified "$handler"
    [[ $handler != runc ]] || check 'cgroup v2: a pod is resized' resize_pod
    check "cgroup v2: nothing of it is left ($handler)" limits_end "$handler"
    check "cgroup v2: OOMKilled and 137 ($handler)" oom "$handler"
    check "cgroup v2: usage of container and pod ($handler)" stats "$handler"
    check "cgroup v2: the same as metrics ($handler)" told_as_metrics "$handler"
    check "cgroup v2: OOM scores of containers are not the daemon's ($handler)" oom_scores "$handler"
  done
  check 'cgroup v2: events' events
}

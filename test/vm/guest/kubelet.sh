# shellcheck shell=bash
# A real kubelet, without an API server, against crisol: what is in its manifest directory runs.

MANIFESTS=/etc/kubernetes/manifests

start_kubelet() {
  mkdir -p "$MANIFESTS" /var/lib/kubelet
  cat >/var/lib/kubelet/config.yaml <<CONFIG
$(cat /root/package/crisol/deploy/kubelet/kubelet-config.yaml)
staticPodPath: $MANIFESTS
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
enableServer: true
readOnlyPort: 10255
syncFrequency: 10s
failSwapOn: false
CONFIG
  systemd-run --quiet --unit kubelet --property Restart=on-failure -- /lab/bin/kubelet --config /var/lib/kubelet/config.yaml \
    --hostname-override vm --v 2
  eventually kubelet_answers
}

kubelet_answers() { node -e 'fetch("http://127.0.0.1:10255/healthz").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))'; }

put_pod() {
  cat >"$MANIFESTS/static.yaml" <<POD
apiVersion: v1
kind: Pod
metadata: { name: static, namespace: default }
spec:
  terminationGracePeriodSeconds: 5
  containers:
    - name: main
      image: $BUSYBOX
      command: [sh, -c, 'echo started; trap "exit 0" TERM; while :; do sleep 1; done']
      resources: { limits: { cpu: 200m, memory: 64Mi }, requests: { cpu: 100m, memory: 32Mi } }
      livenessProbe: { exec: { command: ['true'] }, periodSeconds: 20, timeoutSeconds: 15 }
POD
}

static_container() { crictl ps --quiet --label io.kubernetes.pod.name=static --state running; }
runs() { [[ -n $(static_container) ]]; }
runs_no_more() { [[ -z $(crictl pods --quiet --label io.kubernetes.pod.name=static --state ready) ]]; }

static_pod() {
  local id
  put_pod
  eventually runs
  id=$(static_container)
  matches 'cgroup' "$(cgroup_path "$id")" '^/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod[0-9a-f_]+\.slice/crisol-[0-9a-f]{64}\.scope$'
  equal memory.max "$(cat "$(cgroup_of "$id")/memory.max")" 67108864
  matches 'log' "$(cat /var/log/pods/default_static-vm_*/main/0.log)" 'stdout F started'
}

# What dies is started again, under the next attempt.
restarts() {
  local id
  id=$(static_container)
  kill -9 "$(pid_of "$id")"
  eventually other_container "$id"
  equal 'attempt' "$(inspect "$(static_container)" .status.metadata.attempt)" 1
}

other_container() { [[ -n $(static_container) && $(static_container) != "$1" ]]; }

pod_stats() {
  local summary
  summary=$(node -e 'fetch("http://127.0.0.1:10255/stats/summary").then((r) => r.text()).then(console.log)')
  between 'working set by the kubelet' "$(jq '[.pods[] | select(.podRef.name == "static-vm")][0].containers[0].memory.workingSetBytes' <<<"$summary")" 10000 67108864
}

deleted() {
  rm "$MANIFESTS/static.yaml"
  eventually runs_no_more
  systemctl stop kubelet
  crictl rmp --all --force
}

suite_kubelet() {
  check 'kubelet: starts against crisol' start_kubelet
  check 'kubelet: a static pod runs in its slice' static_pod
  check 'kubelet: a killed container is restarted' restarts
  check 'kubelet: usage by the summary API' pod_stats
  check 'kubelet: a pod that is taken away ends' deleted
}

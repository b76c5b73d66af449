#!/usr/bin/env bash
# Proves Kata Containers on this host, end to end: a daemon of its own, pods in virtual machines, every verb, a daemon
# that is killed meanwhile, and nothing left at the end. One line for each fact, PASS or FAIL; exits 0 when all passed,
# 1 when one failed, 77 when this host cannot run Kata (nothing was tried then, and nothing is claimed).
# Needs root, /dev/kvm, /dev/vhost-vsock, crictl, and an upstream Kata installation, which it does not make.
# Usage: verify-kata.sh [IMAGE]    (IMAGE has sh, wget and dd; pulled from its registry)
# Env: KATA_SHIM (/opt/kata/bin/containerd-shim-kata-v2), KATA_CONFIG (configuration-qemu.toml below /opt/kata)
set -uo pipefail
image=${1-registry.k8s.io/e2e-test-images/busybox:1.29-2}
shim=${KATA_SHIM-/opt/kata/bin/containerd-shim-kata-v2}
config=${KATA_CONFIG-/opt/kata/share/defaults/kata-containers/configuration-qemu.toml}
crisol=(node "$(cd "$(dirname "$0")/.." && pwd)/dist/bundle/main.js")
passed=0
failed=0

skip() {
  echo "skipped: $*" >&2
  exit 77
}

# check WHAT COMMAND...: one fact, true when the command succeeds.
check() {
  local what=$1
  shift
  if "$@" >"$dir/check.log" 2>&1; then
    passed=$((passed + 1))
    echo "PASS  $what"
  else
    failed=$((failed + 1))
    echo "FAIL  $what"
    tail -5 "$dir/check.log" | sed 's/^/      /'
  fi
}

[[ $(id -u) == 0 ]] || skip 'must be root'
for device in /dev/kvm /dev/vhost-vsock; do
  [[ -c $device ]] || skip "device $device does not exist: Kata cannot run here"
done
[[ -x $shim ]] || skip "no Kata shim at $shim: install an upstream release, or set KATA_SHIM"
[[ -r $config ]] || skip "no Kata configuration at $config: set KATA_CONFIG"
command -v crictl >/dev/null || skip 'crictl is not in PATH'

dir=$(mktemp -d /run/kata.XXXXXX)
export CONTAINER_RUNTIME_ENDPOINT=unix://$dir/crisol.sock IMAGE_SERVICE_ENDPOINT=unix://$dir/crisol.sock
daemon=
# What must not grow: hypervisors, file servers, shims, mounts and network namespaces.
leftovers() { pgrep -fc 'qemu-system|cloud-hypervisor|virtiofsd|containerd-shim-kata' || true; }
before=$(leftovers)

start_daemon() {
  "${crisol[@]}" serve --standalone "$dir" >>"$dir/daemon.log" 2>&1 &
  daemon=$!
  for _ in $(seq 300); do
    crictl version >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  return 1
}

# shellcheck disable=SC2317 # called by the trap
finish() {
  crictl rmp --all --force >/dev/null 2>&1
  [[ -z $daemon ]] || kill "$daemon" 2>/dev/null
  wait 2>/dev/null
  ((failed == 0)) || tail -20 "$dir/daemon.log" >&2
  rm -rf --one-file-system "$dir"
}
trap finish EXIT

cat >"$dir/config.toml" <<E2
version = 1

[cri]
default_runtime = "kata"

[runtimes.kata]
kind = "shim-v2"
path = "$shim"
config_path = "$config"
annotations = ["io.katacontainers.*"]
create_timeout = "3m"
preflight_timeout = "2m"
E2

pod() { printf '{"metadata":{"name":"%s","uid":"%s","namespace":"kata","attempt":0},"log_directory":"%s","linux":{}}' "$1" "$1" "$dir" >"$dir/$1.pod.json"; }
# container NAME SCRIPT [MEMORY]
container() {
  printf '{"metadata":{"name":"%s","attempt":0},"image":{"image":"%s"},"command":["sh","-c","%s"],"log_path":"%s.log","linux":{"resources":{"memory_limit_in_bytes":%s}}}' \
    "$1" "$image" "$2" "$1" "${3-0}" >"$dir/$1.json"
}
run() { crictl create "$pod" "$dir/$1.json" "$dir/one.pod.json" && crictl start "$(crictl ps -aq --name "^$1\$")" >/dev/null; }
# grep reads to the end: with -q it would leave at the match, and pipefail would see crictl's SIGPIPE.
is_over() { for _ in $(seq 100); do crictl inspect "$1" | grep '"CONTAINER_EXITED"' >/dev/null && return 0; sleep 0.2; done; return 1; }
# forwarded ID: a request through the API server's way in is answered.
forwarded() {
  crictl port-forward "$1" 18080:8080 >/dev/null 2>&1 &
  local client=$! status=0
  sleep 2
  curl -fsS --max-time 10 http://127.0.0.1:18080/ >/dev/null || status=$?
  kill "$client"
  return "$status"
}

"$shim" --version 2>&1 | head -1
uname -r
check 'the daemon starts' start_daemon
check 'the handler is ready' bash -c "crictl info | grep -A12 '\"kata\"' | grep -q ready || '${crisol[0]}' '${crisol[1]}' handlers --check --config '$dir/config.toml'"
check 'the image is pulled' crictl pull "$image"
pod one
check 'a pod runs' crictl runp -r kata "$dir/one.pod.json"
pod=$(crictl pods -q --name one)
container web 'mkdir /w; echo hi >/w/index.html; httpd -p 8080 -h /w; i=0; while :; do echo \$i; i=\$((i+1)); sleep 0.1; done'
container two 'sleep 86399'
container eats 'dd if=/dev/zero of=/dev/null bs=400M count=1; sleep 1' 67108864
check 'a container runs' run web
check 'another container runs in the same pod' run two
web=$(crictl ps -q --name '^web$')
two=$(crictl ps -q --name '^two$')
guest=$(crictl exec -s "$web" uname -r)
check "the guest has a kernel of its own ($guest)" test "$guest" != "$(uname -r)"
check 'both share one machine' test "$(pgrep -fc "qemu-system.*$pod|cloud-hypervisor.*$pod")" -le 1
check 'exec tells the exit code' bash -c "! crictl exec -s $web sh -c 'exit 5'"
check 'streaming exec works' crictl exec "$web" echo here
check 'attach hears the output' bash -c "timeout 3 crictl attach $web | grep -q '^[0-9]'"
check 'logs arrive' bash -c "crictl logs --tail 1 $web | grep -q '^[0-9]'"
check 'stats are told' bash -c "crictl stats -o json $web | grep -q usageCoreNanoSeconds"
check 'limits change' crictl update --memory 134217728 "$two"
check 'port-forward is answered' forwarded "$pod"
check 'a greedy container runs' run eats
eats=$(crictl ps -aq --name '^eats$')
check 'it ends' is_over "$eats"
check 'its end is told as OOMKilled' bash -c "crictl inspect $eats | grep -q OOMKilled"
lines=$(wc -l <"$dir/web.log")
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
sleep 3
check 'the daemon starts again after SIGKILL' start_daemon
check 'exec works in the old pod' crictl exec -s "$web" echo here
sleep 1
check 'the log went on' test "$(wc -l <"$dir/web.log")" -gt "$lines"
check 'no line of it is missing' awk '{ if ($4 != n) exit 1; n++ }' "$dir/web.log"
check 'the pod is stopped' crictl stopp "$pod"
check 'the pod is removed' crictl rmp "$pod"
sleep 2
check 'no hypervisor, file server or shim is left' test "$(leftovers)" -le "$before"
check 'no mount is left below the bundles' bash -c "! grep -q '$dir/.*/c/' /proc/self/mountinfo"
echo "$passed passed, $failed failed"
((failed == 0))

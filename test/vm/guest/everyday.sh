# shellcheck shell=bash
# What everybody does with a runtime.

# page ADDRESS PORT: the host's name, as the container serves it.
page() { timeout 60 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /hostname HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$1" "$2"; }

# What a container says, its log has; what the streaming calls bring is whole.
everyday() {
  local handler=$1 pod id ip port
  pod=$(run_pod "$handler" "day-$handler" '.port_mappings = [] | .hostname = "day"')
  equal 'state of the pod' "$(crictl inspectp "$pod" | jq -r .status.state)" SANDBOX_READY
  id=$(run "$pod" "day-$handler" '.command = ["sh", "-c", "echo out; echo err >&2; hostname; httpd -f -p 8080 -h /etc"] | .envs = [{ key: "A", value: "b" }]')
  eventually crictl exec --sync "$id" sh -c 'wget -qO- http://127.0.0.1:8080/hostname >/dev/null'
  matches 'log' "$(crictl logs "$id" 2>&1 | sort | tr '\n' ' ')" 'day err out'
  equal 'exec' "$(crictl exec --sync "$id" sh -c 'echo $A')" b
  equal 'streaming exec' "$(printf 'through and back' | crictl exec -i "$id" cat)" 'through and back'
  refused crictl exec --sync "$id" sh -c 'exit 3'
  ip=$(crictl inspectp "$pod" | jq -r .status.network.ip)
  matches 'address' "$ip" '^10\.'
  matches 'served at the address' "$(page "$ip" 8080)" day
  port=$((18000 + RANDOM % 1000))
  timeout 100 "$(type -P crictl)" --timeout 120s port-forward "$pod" "$port:8080" >/run/forward.log 2>&1 &
  eventually grep -q Forwarding /run/forward.log
  matches 'served through port-forward' "$(page 127.0.0.1 "$port")" day
  kill %1
  crictl stop --timeout 5 "$id"
  equal 'state' "$(inspect "$id" .status.state)" CONTAINER_EXITED
  crictl rm "$id"
  crictl stopp "$pod"
  crictl rmp "$pod"
}

attach() {
  local pod id
  pod=$(run_pod "$1" "attach-$1")
  id=$(create "$pod" "attach-$1" '.stdin = true | .stdin_once = true | .command = ["sh", "-c", "read line; echo \"got $line\"; exit 4"]')
  crictl start "$id"
  printf 'words\n' | timeout 60 "$(type -P crictl)" --timeout 120s attach -i "$id" || true
  eventually state_is "$id" CONTAINER_EXITED
  equal 'exit code' "$(inspect "$id" .status.exitCode)" 4
  matches 'log' "$(crictl logs "$id")" 'got words'
  crictl rmp --force "$pod"
}

import_archive() {
  node /lab/guest/archive.mjs /run/archive
  tar -C /run/archive -cf /run/archive.tar .
  matches 'imported' "$(crisol image import /run/archive.tar example.org/imported:1)" 'example.org/imported:1'
  crictl images -o json | jq -e '.images[] | select(.repoTags[] == "example.org/imported:1")' >/dev/null
  crictl rmi example.org/imported:1
}

suite_everyday() {
  check 'everyday: run, logs, exec, network, port-forward, stop, remove' everyday runc
  check 'everyday: attach' attach runc
}

suite_import() { check 'import: an archive' import_archive; }

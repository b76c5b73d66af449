# shellcheck shell=bash
# Pods with a user namespace, where the runtime can map mounts.

mapped() {
  local pod id pid
  pod=$(run_pod "$1" "userns-$1" '.linux.security_context.namespace_options.userns_options =
    { mode: 0, uids: [{ host_id: 100000, container_id: 0, length: 65536 }], gids: [{ host_id: 100000, container_id: 0, length: 65536 }] }')
  id=$(run "$pod" "userns-$1" '.linux.security_context.namespace_options.userns_options =
    { mode: 0, uids: [{ host_id: 100000, container_id: 0, length: 65536 }], gids: [{ host_id: 100000, container_id: 0, length: 65536 }] }')
  pid=$(pid_of "$id")
  equal 'user on the host' "$(stat -c %u "/proc/$pid")" 100000
  equal 'user inside' "$(crictl exec --sync "$id" id -u)" 0
  equal 'owner of a file of the image' "$(crictl exec --sync "$id" stat -c %u /bin/sh)" 0
  matches 'map' "$(tr -s ' ' <"/proc/$pid/uid_map")" '^ ?0 100000 65536'
  crictl exec --sync "$id" sh -c 'echo x >/etc/new && chown 33 /etc/new && stat -c %u /etc/new' | grep -x 33
  crictl rmp --force "$pod"
}

refused_without() {
  local output
  output=$(refused run_pod runc userns-refused '.linux.security_context.namespace_options.userns_options =
    { mode: 0, uids: [{ host_id: 100000, container_id: 0, length: 65536 }], gids: [{ host_id: 100000, container_id: 0, length: 65536 }] }')
  matches 'error' "$output" 'does not support user namespaces'
}

told() {
  equal "user namespaces of $1" "$(crictl info | jq -r --arg name "$1" '.runtimeHandlers[] | select(.name == $name) | .features.user_namespaces // .features.userNamespaces // false')" "$2"
}

suite_user_namespaces() {
  local handler
  for handler in runc-current crun; do
    check "user namespaces: told of $handler" told "$handler" true
    check "user namespaces: root is somebody else on the host ($handler)" mapped "$handler"
  done
  # Debian 13's runc 1.1 cannot map mounts.
  check 'user namespaces: told of runc' told runc false
  check 'user namespaces: refused by a runtime without them' refused_without
}

# shellcheck shell=bash
# AppArmor: the default profile confines, and what is named is what is used.

label() { tr -d '\0' <"/proc/$(pid_of "$1")/attr/current"; }

default_profile() {
  local pod id
  pod=$(run_pod "$1" "armor-$1")
  id=$(run "$pod" "armor-$1")
  equal 'profile' "$(label "$id")" 'crisol-default (enforce)'
  equal 'profile of what is run in it' "$(crictl exec --sync "$id" cat /proc/self/attr/current)" 'crisol-default (enforce)'
  crictl stop --timeout 20 "$id"
  # It ended by its own handler of SIGTERM: the runtime's signal passed the profile.
  equal 'exit code after SIGTERM' "$(inspect "$id" .status.exitCode)" 0
  crictl rmp --force "$pod"
}

mounting() {
  local pod id
  pod=$(run_pod "$1" "armor-mount-$1")
  id=$(run "$pod" "armor-mount-$1" '.linux.security_context.capabilities.add_capabilities = ["SYS_ADMIN"]')
  # The profile's denial is not audited; that Unconfined lets it through shows what refused it.
  matches 'error' "$(refused crictl exec --sync "$id" mount -t tmpfs none /tmp)" 'Permission denied'
  id=$(run "$pod" "armor-free-$1" '.linux.security_context = { capabilities: { add_capabilities: ["SYS_ADMIN"] }, apparmor: { profile_type: 1 } }')
  crictl exec --sync "$id" mount -t tmpfs none /tmp
  crictl rmp --force "$pod"
}

privileged() {
  local pod id
  pod=$(run_pod "$1" "armor-privileged-$1" '.linux.security_context.privileged = true')
  id=$(run "$pod" "armor-privileged-$1" '.linux.security_context.privileged = true')
  matches 'profile' "$(label "$id")" '^(unconfined|runc \(unconfined\)|crun \(unconfined\))$'
  crictl rmp --force "$pod"
}

not_loaded() {
  local pod output
  pod=$(run_pod runc armor-missing)
  output=$(refused create "$pod" armor-missing '.linux.security_context.apparmor = { profile_type: 2, localhost_ref: "no-such-profile" }')
  matches 'error' "$output" 'no-such-profile.* is not loaded on this host'
  crictl rmp --force "$pod"
}

suite_apparmor() {
  local handler
  for handler in runc crun; do
    check "AppArmor: the default profile, with signals let through ($handler)" default_profile "$handler"
    check "AppArmor: it denies mounts, Unconfined does not ($handler)" mounting "$handler"
    check "AppArmor: privileged containers are not confined ($handler)" privileged "$handler"
  done
  check 'AppArmor: a profile that is not loaded is refused' not_loaded
}

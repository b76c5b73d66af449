# shellcheck shell=bash
# Compares what the lab's namespaces hold before a daemon started and after it stopped, for lab.sh to source.
# Processes are the subreaper's business.

mounts_now() { awk '{ print $5 }' /proc/self/mountinfo | sort; }

# The bridge stays by design of its plugin; what is plugged into it must not.
interfaces_now() { ip -o link | sed -E 's/^[0-9]+: ([^:@]+).*/\1/' | grep -vxE 'lo|crisol0|tunl0|sit0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0' || true; }

leases_now() { find "$1/cni/leases" -type f -regex '.*/[0-9.]+' 2>/dev/null || true; }

rules_now() { iptables-save -t nat 2>/dev/null | grep -E '^-A (CNI-DN|CNI-[0-9a-f])' || true; }

# Depth first, so that the list can be given to rmdir.
cgroups_now() { find /sys/fs/cgroup -depth -type d -path "*$1*" 2>/dev/null || true; }

# report WHAT LINES: false when there are none.
report() {
  local line
  [[ -n $2 ]] || return 1
  printf 'lab: left behind: %s\n' "$1" >&2
  while read -r line; do printf '  %s\n' "$line"; done <<<"$2" | head -20 >&2
}

# check_leftovers DIRECTORY PARENT MOUNTS_BEFORE: fails and says what is left; cgroups of ours are removed.
check_leftovers() {
  local found=0 cgroups group
  report mounts "$(comm -13 <(printf '%s\n' "$3") <(mounts_now))" && found=1
  report interfaces "$(interfaces_now)" && found=1
  report 'address leases' "$(leases_now "$1")" && found=1
  report 'port mapping rules' "$(rules_now)" && found=1
  cgroups=$(cgroups_now "$2")
  report cgroups "$(grep -v "$2\$" <<<"$cgroups")" && found=1
  for group in $cgroups; do rmdir "$group" 2>/dev/null || true; done
  return $found
}

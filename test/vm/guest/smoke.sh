#!/bin/bash
# One pod a handler, to show that the machine can be worked with.
source /lab/guest/checks.sh
source /lab/guest/setup.sh
source /lab/guest/pods.sh
set -euo pipefail
set_up
crictl info | jq -c .status
crictl pull "$BUSYBOX"
for handler in runc crun; do
  pod=$(run_pod "$handler" "smoke-$handler")
  container=$(run "$pod" main)
  crictl exec --sync "$container" uname -a
  cat "/proc/$(pid_of "$container")/cgroup"
done
crictl ps
systemctl status crisol --no-pager --lines 5
crictl rmp --all --force
systemd-cgls --no-pager
cat /proc/uptime

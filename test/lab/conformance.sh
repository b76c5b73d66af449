#!/usr/bin/env bash
# Runs the CRI conformance suite against crisol in the lab; arguments go to critest, such as
# -ginkgo.focus='Container OOM' or -runtime-handler crun. Log and JUnit report go to .lab/reports.
# The exit status is critest's, or 70 when all passed but something stayed behind. With CONFORMANCE_VERDICT=1 it tells
# whether each spec passed, failed or was skipped as expected-outcomes.txt says.
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/paths.sh"

if [[ -z ${CRISOL_LAB-} ]]; then
  status=0
  mkdir -p "$LAB/reports"
  "$LAB_SRC/lab.sh" "$LAB_SRC/conformance.sh" "$@" || status=$?
  echo "lab: report in .lab/reports, daemon log in .lab/daemon.log" >&2
  exit "$status"
fi

# handler ARG...: the handler that critest was told to use, or the daemon's default.
handler() {
  local previous=
  for argument; do
    [[ $previous != -runtime-handler ]] || { echo "$argument" && return; }
    previous=$argument
  done
  echo "${LAB_HANDLER-runc}"
}

# A spec of mount propagation that fails leaves its mounts behind.
unmount_remains() {
  awk '$5 ~ "^/tmp/test[0-9a-f]+/" { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
}

reports=$LAB/reports
status=0
rm -f "$reports/critest.xml"
cd "$LAB"
critest -config "$CRI_CONFIG_FILE" -runtime-endpoint "$CONTAINER_RUNTIME_ENDPOINT" -image-endpoint "$IMAGE_SERVICE_ENDPOINT" \
  -ginkgo.no-color -ginkgo.junit-report "$reports/critest.xml" "$@" 2>&1 |
  tee "$reports/critest.log" | node "$LAB_SRC/summary.mjs" || status=$?
unmount_remains
[[ -f $reports/critest.xml ]] || exit "$status"
verdict=0
node "$LAB_SRC/verdict.mjs" "$reports/critest.xml" "$LAB_SRC/expected-outcomes.txt" "$(handler "$@")" || verdict=$?
[[ -z ${CONFORMANCE_VERDICT-} ]] || exit "$verdict"
exit "$status"

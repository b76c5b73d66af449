#!/usr/bin/env bash
# Runs the CRI conformance suite against crisol in the lab; arguments go to critest, such as
# -ginkgo.focus='Container OOM' or -runtime-handler crun. Log and JUnit report go to .lab/reports.
# The exit status is critest's, or 70 when all passed but something stayed behind.
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

reports=$LAB/reports
cd "$LAB"
set -o pipefail
critest -config "$CRI_CONFIG_FILE" -runtime-endpoint "$CONTAINER_RUNTIME_ENDPOINT" -image-endpoint "$IMAGE_SERVICE_ENDPOINT" \
  -ginkgo.no-color -report-dir "$reports" -ginkgo.junit-report "$reports/critest.xml" "$@" 2>&1 |
  tee "$reports/critest.log" | node "$LAB_SRC/summary.mjs"

#!/usr/bin/env bash
# npm run differential: one script of crictl calls against Debian's containerd and against crisol, in the same lab, and
# then the comparison. Answers go to .lab/differential; fails on a difference that differences.json does not explain,
# and on an explanation of something that no longer differs.
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/../lab/paths.sh"
"$LAB_SRC/build.sh"
answers=$LAB/differential
mkdir -p "$answers"
for runtime in containerd crisol; do
  say "ask $runtime"
  LAB_RUNTIME=$runtime "$LAB_SRC/lab.sh" node "$REPO/dist/test/differential/collect.js" "$answers/$runtime.json"
done
exec node "$REPO/dist/test/differential/report.js" "$answers/containerd.json" "$answers/crisol.json" \
  "$REPO/test/differential/differences.json"

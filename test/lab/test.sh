#!/usr/bin/env bash
# npm test: every jest project on a machine where nothing was installed before. Runs all, then fails if one failed.
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/paths.sh"
need_root
"$LAB_SRC/build.sh"
cd "$REPO"
status=0
say 'unit tests'
npm run --silent test:unit || status=$?
for project in integration e2e; do
  say "$project tests"
  "$LAB_SRC/jest.sh" "$project" || status=$?
done
exit "$status"

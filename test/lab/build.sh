#!/usr/bin/env bash
# Makes a clean clone ready to run: node_modules when there are none, and an up-to-date dist.
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/paths.sh"
cd "$REPO"
[[ -d node_modules ]] || {
  say 'npm ci'
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}
npm run --silent build

#!/usr/bin/env bash
# Runs one jest project that needs root, inside the lab's namespaces; further arguments go to jest.
# Usage: jest.sh integration|e2e [ARG...]
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/paths.sh"
project=$1
shift
"$LAB_SRC/build.sh"
if [[ -z ${CRISOL_LAB-} ]]; then
  "$LAB_SRC/install.sh"
  "$LAB_SRC/images/push.sh"
fi
cd "$REPO"
compgen -G "dist/test/$project/*" >/dev/null || {
  echo "there are no $project tests yet"
  exit 0
}
exec "$LAB_SRC/namespace.sh" node --experimental-vm-modules --disable-warning=ExperimentalWarning \
  node_modules/jest/bin/jest.js --selectProjects "$project" --runInBand "$@"

#!/usr/bin/env bash
# Runs one jest project that needs root; further arguments go to jest. Integration tests get the lab's namespaces,
# end-to-end tests the whole lab: namespaces, registry with the images, and a running daemon.
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
runner=$LAB_SRC/namespace.sh
[[ $project != e2e ]] || runner=$LAB_SRC/lab.sh
exec "$runner" node --experimental-vm-modules --disable-warning=ExperimentalWarning \
  node_modules/jest/bin/jest.js --selectProjects "$project" --runInBand --testTimeout 60000 "$@"

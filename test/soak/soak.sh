#!/usr/bin/env bash
# npm run soak: thousands of execs and of stream clients that vanish, against a daemon of the lab's own, which must hold
# nothing more afterwards. Arguments: see soak.ts.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$here/../lab/paths.sh"
"$LAB_SRC/build.sh"
exec "$LAB_SRC/lab.sh" node "$REPO/dist/test/soak/soak.js" "$@"

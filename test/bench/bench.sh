#!/usr/bin/env bash
# npm run bench: measures a crisol daemon of the lab's own, or with --endpoint SOCKET any CRI daemon that runs already.
# LAB_RUNTIME=containerd measures Debian's containerd in the same way. Further arguments: see bench.mjs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
lab=$here/../lab
[[ " $* " == *' --endpoint'* ]] && exec node "$here/bench.mjs" "$@"
exec "$lab/lab.sh" node "$here/bench.mjs" "$@"

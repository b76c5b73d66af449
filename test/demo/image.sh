#!/usr/bin/env bash
# Makes the demo's image, .lab/demo/image.tar, of the machine's own busybox.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$here/../lab/paths.sh"
rm -rf "$LAB/demo"
mkdir -p "$LAB/demo"
"$LAB_SRC/images/trees.sh" "$LAB/demo/trees" busybox
node "$here/image.mjs" "$LAB/demo/trees/busybox" "$LAB/demo/layout"
tar -cf "$LAB/demo/image.tar" -C "$LAB/demo/layout" .

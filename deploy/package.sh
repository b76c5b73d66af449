#!/usr/bin/env bash
# Packs crisol with everything of npm's that it needs into one file, for nodes that reach no registry:
#
#   deploy/package.sh FILE.tar.gz
#
# On the node: unpack it anywhere and run crisol/deploy/install.sh.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] || { echo 'usage: deploy/package.sh FILE.tar.gz' >&2; exit 1; }
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
DESTDIR=$stage "$HERE/install.sh" >&2
tar -C "$stage/opt" --owner=0 --group=0 --numeric-owner --sort=name -czf "$1.new" crisol
mv "$1.new" "$1"

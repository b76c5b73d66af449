# shellcheck shell=bash
# Where the lab keeps things, for every script of it to source. All of it is a cache: delete .lab to start over.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB_SRC=$REPO/test/lab
LAB=$REPO/.lab
BIN=$LAB/bin
DEB_ROOT=$LAB/deb/root
export REPO LAB_SRC LAB BIN DEB_ROOT
export PATH=$BIN:$PATH

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() {
  printf 'lab: %s\n' "$*" >&2
  exit 1
}

need_root() { [[ $(id -u) == 0 ]] || die "must be root: it makes namespaces and starts containers"; }

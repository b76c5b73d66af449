#!/usr/bin/env bash
# npm run bench:pull: times pulls of crisol, two releases of containerd, and skopeo with umoci, side by side from one
# registry, and prints one table. Arguments go to pull.mjs, which lists them.
# Needs root on Debian with Node and Go; the first run builds peers and images, which takes some minutes.
set -euo pipefail
BENCH_SRC=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$BENCH_SRC/../../lab/paths.sh"
# shellcheck source=test/lab/registry.sh
source "$LAB_SRC/registry.sh"
# shellcheck source=test/lab/containerd.sh
source "$LAB_SRC/containerd.sh"
# shellcheck source=test/bench/peers.sh
source "$BENCH_SRC/../peers.sh"
# shellcheck source=test/bench/pull/prepare.sh
source "$BENCH_SRC/prepare.sh"
need_root

if [[ ${1-} == --push-images ]]; then
  push_bench_images
  exit 0
fi
if [[ -z ${CRISOL_LAB-} ]]; then
  "$LAB_SRC/build.sh"
  "$LAB_SRC/install.sh"
  install_containerd
  install_igzip
  build_peers containerd-current umoci
  build_images
  exec "$LAB_SRC/namespace.sh" "$BENCH_SRC/run.sh" "$@"
fi

# The registry serves from memory: its disk is not what is measured.
data=$(mktemp -d /run/bench.XXXXXX)
scratch=$(mktemp -d "$LAB/bench-pull/run.XXXXXX")
# shellcheck disable=SC2317 # called by the trap
finish() {
  stop_registry
  awk -v top="$scratch" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
  umount -l "$data"
  rm -rf --one-file-system "$data" "$scratch"
}
trap finish EXIT
mount -t tmpfs bench "$data"
cp -r "$BENCH/registry/." "$data"
start_registry "$data"
BENCH_SCRATCH=$scratch BENCH_REGISTRY=$REGISTRY BENCH_CONTAINERD=$LAB/containerd/usr/bin BENCH_IGZIP=$BENCH/isal \
  node "$BENCH_SRC/pull.mjs" "$@"

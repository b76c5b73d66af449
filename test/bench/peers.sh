# shellcheck shell=bash
# shellcheck disable=SC2154 # LAB_SRC, BIN and the rest are of paths.sh
# Builds the programs that crisol is measured against, for scripts to source after the lab's paths.sh.

PEERS=$(cd "$(dirname "${BASH_SOURCE[0]}")/peers" && pwd)

# build_peers NAME...: current releases, from their Go modules; without cgo, which only the snapshotters that nobody uses
# here want.
build_peers() {
  local -A packages=(
    [containerd-current]=github.com/containerd/containerd/v2/cmd/containerd
    [umoci]=github.com/opencontainers/umoci/cmd/umoci
  )
  local name
  for name; do
    [[ -x $BIN/$name && -z $(find "$PEERS" -type f -newer "$BIN/$name" -print -quit) ]] && continue
    say "build $name"
    (cd "$PEERS" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -trimpath -ldflags '-s -w' \
      -tags 'no_btrfs no_devmapper no_zfs' -o "$BIN/$name" "${packages[$name]}")
    touch "$BIN/$name"
  done
}

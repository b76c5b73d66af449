#!/usr/bin/env bash
# Builds the lab's images and puts them into the data directory of the lab's registry, once per change of their sources.
# The registry that takes them runs in a network namespace of its own, so no port of the machine is used.
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/../paths.sh"
# shellcheck source=test/lab/registry.sh
source "$LAB_SRC/registry.sh"

key() { cat "$LAB_SRC"/images/* "$BIN"/{pause,privilege-probe} "$DEB_ROOT/.packages" "$(command -v busybox)" | sha256sum; }

push_all() {
  ip link set lo up
  start_registry "$LAB/registry.new"
  local name
  while read -r name _; do
    skopeo copy --quiet --all --dest-tls-verify=false "oci:$LAB/images:$name" "docker://$REGISTRY/$name"
  done <"$LAB/images.txt"
  stop_registry
}

if [[ ${1-} == --in-namespace ]]; then
  push_all
  exit 0
fi

need_root
exec 9>"$LAB/images.lock"
flock 9
[[ -f $LAB/images.key && $(<"$LAB/images.key") == "$(key)" ]] && exit 0
say 'build and push the images'
rm -rf "$LAB"/{images,images.key,images.txt,trees,registry,registry.new}
"$LAB_SRC/images/trees.sh" "$LAB/trees"
node "$LAB_SRC/images/build.mjs" "$LAB/trees" "$LAB/images" >"$LAB/images.txt"
unshare --net bash "$0" --in-namespace
mv "$LAB/registry.new" "$LAB/registry"
rm -rf "$LAB/trees" "$LAB/images"
key >"$LAB/images.key"
say "$(wc -l <"$LAB/images.txt") images in the registry, listed in .lab/images.txt"

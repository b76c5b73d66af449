# shellcheck shell=bash
# shellcheck disable=SC2154 # LAB, BIN and the rest are of paths.sh
# What the pull benchmark is run with, made once and kept under .lab: images in a registry's data, and igzip.
# For run.sh to source after the lab's paths.sh and registry.sh.

BENCH=$LAB/bench-pull

# containerd inflates with igzip when it finds it, which no node has by default: the peer gets it all the same.
install_igzip() {
  [[ -x $BENCH/isal/usr/bin/igzip ]] && return 0
  say 'unpack igzip'
  mkdir -p "$BENCH/isal.deb"
  (cd "$BENCH/isal.deb" && { apt-get download -qq isal libisal2 2>/dev/null || { apt-get update -qq && apt-get download -qq isal libisal2; }; })
  local archive
  for archive in "$BENCH"/isal.deb/*.deb; do dpkg -x "$archive" "$BENCH/isal"; done
  rm -r "$BENCH/isal.deb"
}

push_bench_images() {
  ip link set lo up
  start_registry "$BENCH/registry.new"
  local layout
  for layout in "$BENCH"/layouts/*; do
    skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$layout:latest" \
      "docker://$REGISTRY/bench/${layout##*/}:latest"
  done
  stop_registry
}

build_images() {
  local key
  key=$(sha256sum "$BENCH_SRC/images.mjs")
  [[ -f $BENCH/images.key && $(<"$BENCH/images.key") == "$key" ]] && return 0
  say 'make the images of the benchmark'
  rm -rf "$BENCH"/{images.key,layouts,trees,registry,registry.new}
  mkdir -p "$BENCH"
  node "$BENCH_SRC/images.mjs" "$BENCH/trees" "$BENCH/layouts"
  unshare --net bash "$BENCH_SRC/run.sh" --push-images
  mv "$BENCH/registry.new" "$BENCH/registry"
  rm -rf "$BENCH/trees" "$BENCH/layouts"
  printf '%s' "$key" >"$BENCH/images.key"
}

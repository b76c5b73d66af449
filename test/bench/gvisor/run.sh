#!/usr/bin/env bash
# npm run bench:gvisor: how long a gVisor pod takes to be ready and to be gone, under crisol and under a current containerd
# with gVisor's own shim, sample by sample in turn: same runsc, image, network. Arguments: see ready.mjs.
# Where root may not lower OOM scores that shim ends at once; it is then built without this one step, and the table says so.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$HERE/../../lab/paths.sh"
# shellcheck source=test/lab/config.sh
source "$LAB_SRC/config.sh"
# shellcheck source=test/bench/peers.sh
source "$HERE/../peers.sh"
PEER=$LAB/bench-gvisor

# The shim of the lab, or the same with the failure of its OOM score forgiven.
provide_shim() {
  mkdir -p "$PEER/bin"
  ln -sf "$BIN/runsc" "$PEER/bin/runsc"
  if can_lower_oom_score; then
    ln -sf "$BIN/shims/current/containerd-shim-runsc-v1" "$PEER/bin/"
    return 0
  fi
  [[ ! -x $PEER/bin/containerd-shim-runsc-v1 || -L $PEER/bin/containerd-shim-runsc-v1 ]] || return 0
  say "build gVisor's shim without its OOM score"
  local module=$PEER/module
  rm -rf "$module" "$PEER/build"
  cp -r "$(cd "$LAB_SRC/shims/gvisor" && go list -m -f '{{.Dir}}' gvisor.dev/gvisor)" "$module"
  chmod -R u+w "$module"
  sed -i 's/return .*"failed to set OOM Score on shim: %w", err)/_ = err/' "$module/pkg/shim/v1/manager.go"
  cp -r "$LAB_SRC/shims/gvisor" "$PEER/build"
  (cd "$PEER/build" && go mod edit -replace "gvisor.dev/gvisor=$module" && CGO_ENABLED=0 GOFLAGS='-buildvcs=false -mod=mod' \
    go build -trimpath -ldflags '-s -w' -o "$PEER/bin/containerd-shim-runsc-v1" gvisor.dev/gvisor/shim)
  rm -rf "$module" "$PEER/build"
}

# write_containerd_config DIRECTORY ROOT
write_containerd_config() {
  printf 'root = "%s"\n[runsc_config]\nplatform = "systrap"\n' "$1/containerd-runsc" >"$1/runsc-peer.toml"
  cat >"$1/containerd-peer.toml" <<E2
version = 3
root = "$2/containerd"
state = "$1/containerd"
[grpc]
address = "$1/containerd.sock"
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "$1/cni/net.d"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runsc]
runtime_type = "io.containerd.runsc.v1"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runsc.options]
TypeUrl = "io.containerd.runsc.v1.options"
ConfigPath = "$1/runsc-peer.toml"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "registry.k8s.io/pause:3.9"
[plugins.'io.containerd.cri.v1.images'.registry]
config_path = "$1/certs.d"
[plugins.'io.containerd.internal.v1.opt']
path = "$1/opt"
E2
}

if [[ -z ${CRISOL_LAB-} ]]; then
  "$LAB_SRC/install.sh"
  build_peers containerd-current
  provide_shim
  exec "$LAB_SRC/lab.sh" "$HERE/run.sh" "$@"
fi

write_containerd_config "$LAB_DIR" "$LAB_ROOT"
PATH=$PEER/bin:$PATH containerd-current --config "$LAB_DIR/containerd-peer.toml" >"$LAB_DIR/containerd-peer.log" 2>&1 &
peer=$!
# shellcheck disable=SC2317 # called by the trap
finish() {
  kill "$peer"
  wait "$peer" || true
  # What the peer leaves is not what is measured here, and the lab would blame the run for it.
  awk -v top="$LAB_DIR/containerd" -v other="$LAB_ROOT/containerd" \
    'index($5, top) == 1 || index($5, other) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
  iptables -t nat -F
}
trap finish EXIT
for _ in $(seq 100); do
  crictl --runtime-endpoint "unix://$LAB_DIR/containerd.sock" version >/dev/null 2>&1 && break
  sleep 0.1
done
note=
can_lower_oom_score || note=" (built without the step that lowers its OOM score, which this host forbids)"
PEER_NOTE=$note node "$HERE/ready.mjs" --peer "$LAB_DIR/containerd.sock" "$@" ||
  { tail -20 "$LAB_DIR/containerd-peer.log" >&2 && exit 1; }

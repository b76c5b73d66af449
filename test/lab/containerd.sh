# shellcheck shell=bash
# shellcheck disable=SC2154 # dir, root, socket and daemon_log are of lab.sh
# Runs Debian's containerd in crisol's place, to compare the two: LAB_RUNTIME=containerd. For lab.sh to source.

install_containerd() {
  local target=$LAB/containerd
  [[ -x $target/usr/bin/containerd ]] && return 0
  say 'unpack containerd'
  mkdir -p "$LAB/deb/archives"
  (cd "$LAB/deb/archives" && { apt-get download -qq containerd 2>/dev/null || { apt-get update -qq && apt-get download -qq containerd; }; })
  dpkg -x "$LAB"/deb/archives/containerd_*.deb "$target"
  rm -r "$LAB/deb/archives"
}

start_containerd() {
  cat >"$dir/containerd.toml" <<E2
version = 2
root = "$root"
state = "$dir/run"
[grpc]
address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "registry.k8s.io/pause:3.9"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$dir/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "$dir/certs.d"
[plugins."io.containerd.internal.v1.opt"]
path = "$dir/opt"
E2
  PATH=$LAB/containerd/usr/bin:$PATH containerd --config "$dir/containerd.toml" >"$daemon_log" 2>&1 &
  wait_for_daemon $!
}

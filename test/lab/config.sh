# shellcheck shell=bash
# Writes the files a daemon of the lab is configured with, for lab.sh to source.

# write_network_config DIRECTORY: a bridge network whose leases lie beside it.
write_network_config() {
  mkdir -p "$1/net.d"
  cat >"$1/net.d/10-crisol.conflist" <<E2
{
  "cniVersion": "1.0.0",
  "name": "crisol-lab",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "crisol0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "$1/leases",
        "ranges": [[{ "subnet": "10.88.0.0/16" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
E2
}

# write_registry_config DIRECTORY: one hosts.toml per public registry, each pointing at the lab's registry.
write_registry_config() {
  local host
  for host in registry.k8s.io k8s.gcr.io gcr.io docker.io; do
    mkdir -p "$1/$host"
    cat >"$1/$host/hosts.toml" <<E2
server = "https://$host"

[host."http://$REGISTRY"]
capabilities = ["pull", "resolve"]
E2
  done
}

# write_daemon_config DIRECTORY ROOT PARENT
write_daemon_config() {
  cat >"$1/config.toml" <<E2
version = 1
root = "$2"
run = "$1/run"
log_level = "${LAB_LOG_LEVEL-info}"

[cri]
socket = "$1/crisol.sock"
default_runtime = "${LAB_HANDLER-runc}"
default_cgroup_parent = "$3"

[images]
registry_dirs = ["$1/certs.d"]

[network]
conf_dirs = ["$1/cni/net.d"]
bin_dirs = ["/opt/cni/bin", "/usr/lib/cni"]

[runtimes.runc]
kind = "oci"
path = "runc"

# Debian's crun cannot be asked.
[runtimes.crun]
kind = "oci"
path = "crun"

[runtimes.crun.features]
recursive_read_only_mounts = true
user_namespaces = true
E2
  write_runsc_handlers >>"$1/config.toml"
  write_shim_handlers >>"$1/config.toml"
  ! can_lower_oom_score || write_gvisor_shim "$1" >>"$1/config.toml"
  [[ ! -x $BIN/runc-current ]] || cat >>"$1/config.toml" <<E2

[runtimes.runc-current]
kind = "oci"
path = "$BIN/runc-current"
E2
}

# gVisor twice. Debian's release takes every network namespace of this kernel for the host's and so refuses its own
# network stack: it uses the kernel's, in the pod's namespace.
write_runsc_handlers() {
  [[ ! -x $BIN/runsc ]] || cat <<E2

[runtimes.runsc]
kind = "oci"
path = "$BIN/runsc"
args = ["--platform=systrap"]
E2
  [[ ! -x $BIN/runsc-debian ]] || cat <<E2

[runtimes.runsc-debian]
kind = "oci"
path = "$BIN/runsc-debian"
args = ["--platform=ptrace", "--network=host"]
E2
}

# containerd's shim twice.
write_shim_handlers() {
  [[ ! -x $BIN/shims/debian/containerd-shim-runc-v2 ]] || cat <<E2

[runtimes.shim-runc]
kind = "shim-v2"
path = "$BIN/shims/debian/containerd-shim-runc-v2"
E2
  [[ ! -x $BIN/shims/current/containerd-shim-runc-v2 ]] || cat <<E2

[runtimes.shim-runc-current]
kind = "shim-v2"
path = "$BIN/shims/current/containerd-shim-runc-v2"
E2
}

# write_gvisor_shim DIRECTORY: gVisor's own shim, which insists on lowering its own OOM score.
write_gvisor_shim() {
  [[ -x $BIN/shims/current/containerd-shim-runsc-v1 ]] || return 0
  cat >"$1/runsc-shim.toml" <<E2
binary_name = "$BIN/runsc"
root = "$1/run/rt/shim-runsc"

[runsc_config]
platform = "systrap"
E2
  cat <<E2

[runtimes.shim-runsc]
kind = "shim-v2"
path = "$BIN/shims/current/containerd-shim-runsc-v1"
config_path = "$1/runsc-shim.toml"
E2
}

# CAP_SYS_RESOURCE is bit 24 of the bounding set.
can_lower_oom_score() {
  local bounding
  bounding=$(sed -n 's/^CapBnd:\s*//p' /proc/self/status)
  (((0x$bounding >> 24) & 1))
}

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

[runtimes.crun]
kind = "oci"
path = "crun"
E2
  [[ ! -x $BIN/runc-current ]] || cat >>"$1/config.toml" <<E2

[runtimes.runc-current]
kind = "oci"
path = "$BIN/runc-current"
E2
}

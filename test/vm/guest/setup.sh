# shellcheck shell=bash
# Installs crisol in the machine the way an administrator without a network would, for the suites to source.

install_crisol() {
  /root/package/crisol/deploy/install.sh --bridge-network "$@"
}

# The second handler is a drop-in that the package brings; taking off its comment signs puts it to use.
enable_handlers() {
  local dropins=/etc/crisol/config.toml.d
  mkdir -p "$dropins"
  sed 's/^# \(\[\|kind\|path\)/\1/' /root/package/crisol/deploy/config.toml.d/10-crun.toml >"$dropins/10-crun.toml"
  printf '[runtimes.runc-current]\nkind = "oci"\npath = "/lab/bin/runc-current"\n' >"$dropins/20-runc-current.toml"
  # Emulation is slow; the limits are meant for machines.
  printf '[runtimes.%s]\npreflight_timeout = "3m"\n\n' runc crun runc-current >"$dropins/90-slow.toml"
}

start_registry() {
  cat >/run/registry.yml <<'CONFIG'
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: /lab/registry } }
http: { addr: 127.0.0.1:5000 }
CONFIG
  systemd-run --quiet --unit lab-registry /lab/bin/docker-registry serve /run/registry.yml
  local host
  for host in registry.k8s.io k8s.gcr.io gcr.io docker.io; do
    mkdir -p "/etc/crisol/certs.d/$host"
    printf '[host."http://127.0.0.1:5000"]\ncapabilities = ["pull", "resolve"]\n' >"/etc/crisol/certs.d/$host/hosts.toml"
  done
}

# All that a suite needs before its first pod.
set_up() {
  mkdir -p /root/package && tar -C /root/package -xzf /lab/crisol.tar.gz
  enable_handlers
  start_registry
  install_crisol
}

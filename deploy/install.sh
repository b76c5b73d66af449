#!/usr/bin/env bash
# Puts crisol and what it needs on a Debian node. May be repeated: a second run updates crisol and nothing else.
#
#   deploy/install.sh [--bridge-network] [--no-start]
#
#   --bridge-network   also install a single-node bridge network, when the node has no CNI configuration
#   --no-start         leave the service alone
#
# Run from a clone it asks npm for crisol's own packages; from what deploy/package.sh packed it asks nobody, as long as
# the Debian packages are installed.
# With DESTDIR=DIR the files go below DIR, and neither packages nor services of this machine are touched.
# Existing configuration is never overwritten. Pods keep running while crisol is updated.
set -euo pipefail

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
DESTDIR=${DESTDIR:-}
NODE_LEAST=20.19.0
PACKAGES=(conmon runc containernetworking-plugins iptables ca-certificates kmod procps)
# Without them crisol works, too.
WISHED=(libisal2)
BRIDGE=no
START=yes

say() { printf '%s\n' "install: $*"; }
die() { printf '%s\n' "install: $*" >&2; exit 1; }

for argument in "$@"; do
  case $argument in
    --bridge-network) BRIDGE=yes ;;
    --no-start) START=no ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown option \"$argument\"; see --help" ;;
  esac
done

is_at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

check_machine() {
  [ "$(uname -s)" = Linux ] || die 'crisol runs on Linux only'
  [ -n "$DESTDIR" ] && return
  [ "$(id -u)" = 0 ] || die 'run this as root'
  command -v apt-get >/dev/null || die 'this script knows Debian and its relatives only; README.md says what is needed'
}

# missing PACKAGE...: those that are not installed.
missing() {
  local package
  for package; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

apt_install() {
  say "installing $*"
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

install_packages() {
  [ -n "$DESTDIR" ] && return
  local needed wished
  mapfile -t needed < <(missing "${PACKAGES[@]}")
  [ ${#needed[@]} = 0 ] || apt_install "${needed[@]}"
  mapfile -t wished < <(missing "${WISHED[@]}")
  [ ${#wished[@]} = 0 ] || apt_install "${wished[@]}" || say "without ${wished[*]}: pulls take more processor time"
}

# Debian 13 has a Node that is new enough, Debian 12 has not: there it must be there already.
check_node() {
  if ! command -v node >/dev/null && [ -z "$DESTDIR" ]; then
    local candidate
    candidate=$(apt-cache policy nodejs | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p')
    if [ -n "$candidate" ] && is_at_least "$NODE_LEAST" "$candidate"; then
      DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nodejs $(is_package || echo npm)
    fi
  fi
  command -v node >/dev/null || die "Node $NODE_LEAST or newer is needed, with npm: see https://nodejs.org/en/download"
  local version
  version=$(node -p 'process.versions.node')
  is_at_least "$NODE_LEAST" "$version" || die "Node $version is too old: $NODE_LEAST or newer is needed"
  is_package || command -v npm >/dev/null || die 'npm is needed to install crisol'\''s own packages: apt-get install npm'
}

# What deploy/package.sh makes brings its node_modules; a clone has the compiler's beside them.
is_package() { [ -d "$SOURCE/node_modules" ] && [ ! -e "$SOURCE/src" ]; }

# A released package carries dist/; a clone is built in a copy, so that the clone stays as it is.
build() {
  local stage=$1
  if [ ! -e "$SOURCE/dist/bundle/main.js" ]; then
    say 'building'
    mkdir -p "$stage/build"
    tar -C "$SOURCE" --exclude=./node_modules --exclude=./.git --exclude=./dist -cf - . | tar -C "$stage/build" -xf -
    (cd "$stage/build" && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent build)
    SOURCE=$stage/build
  fi
  mkdir -p "$stage/crisol/dist" "$stage/crisol/docs"
  cp -R "$SOURCE/dist/bundle" "$stage/crisol/dist/bundle"
  cp -R "$SOURCE/libexec" "$SOURCE/proto" "$SOURCE/deploy" "$SOURCE/package.json" "$SOURCE/package-lock.json" "$SOURCE/LICENSE" "$stage/crisol/"
  cp "$SOURCE/docs/configuration.md" "$stage/crisol/docs/"
  if is_package; then
    cp -R "$SOURCE/node_modules" "$stage/crisol/"
    return
  fi
  (cd "$stage/crisol" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund)
}

# The directory is swapped whole, so that a daemon that starts meanwhile finds the old or the new one.
install_program() {
  local stage target=$DESTDIR/opt/crisol
  mkdir -p "$DESTDIR/opt" "$DESTDIR/usr/local/bin"
  stage=$(mktemp -d "$DESTDIR/opt/.crisol-XXXXXX")
  # shellcheck disable=SC2064 # the directory of now
  trap "rm -rf '$stage'" EXIT
  build "$stage"
  chmod -R go=u-w "$stage/crisol"
  if [ -e "$target" ]; then mv "$target" "$stage/old"; fi
  mv "$stage/crisol" "$target"
  put_file "$DESTDIR/usr/local/bin/crisol" 755 <<WRAPPER
#!/bin/sh
exec $(command -v node) /opt/crisol/dist/bundle/main.js "\$@"
WRAPPER
}

# put_file PATH MODE: standard input becomes the file, by rename.
put_file() {
  mkdir -p "$(dirname "$1")"
  cat >"$1.new"
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
}

# keep_file SOURCE PATH: copies a file that is not there yet.
keep_file() {
  if [ -e "$2" ]; then
    say "keeping $2"
    return
  fi
  put_file "$2" 644 <"$1"
}

install_configuration() {
  local deploy=$DESTDIR/opt/crisol/deploy etc=$DESTDIR/etc file
  put_file "$etc/systemd/system/crisol.service" 644 <"$deploy/crisol.service"
  mkdir -p "$etc/crisol/certs.d" "$etc/cni/net.d"
  keep_file "$deploy/config.toml" "$etc/crisol/config.toml"
  for file in "$deploy"/config.toml.d/*.toml; do
    keep_file "$file" "$etc/crisol/config.toml.d/$(basename "$file")"
  done
  keep_file "$deploy/crictl.yaml" "$etc/crictl.yaml"
  printf 'overlay\nbr_netfilter\n' | put_file "$etc/modules-load.d/crisol.conf" 644
  printf '%s = 1\n' net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables |
    put_file "$etc/sysctl.d/99-crisol.conf" 644
  if [ "$BRIDGE" = yes ] && [ -z "$(ls -A "$etc/cni/net.d")" ]; then
    keep_file "$deploy/cni/10-crisol-bridge.conflist" "$etc/cni/net.d/10-crisol-bridge.conflist"
  fi
}

start_service() {
  [ -n "$DESTDIR" ] && return
  modprobe -a overlay br_netfilter || say 'a kernel module could not be loaded; it may be built in'
  sysctl -q --load=/etc/sysctl.d/99-crisol.conf || say 'a sysctl could not be set'
  /usr/local/bin/crisol config check || die 'the configuration needs work; nothing was started'
  if [ "$START" = no ]; then return; fi
  [ -d /run/systemd/system ] || { say 'no systemd here: start "crisol serve" yourself'; return; }
  systemctl daemon-reload
  systemctl enable -q crisol.service
  systemctl restart crisol.service
  say 'crisol is running; try: crictl info'
}

check_machine
install_packages
check_node
install_program
install_configuration
start_service
say "done: ${DESTDIR}/opt/crisol, ${DESTDIR}/etc/crisol"

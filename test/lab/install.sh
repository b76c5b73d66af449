#!/usr/bin/env bash
# Installs what the lab needs on a Debian machine that has Node and Go: packages whose programs crisol runs,
# daemons unpacked beside the repository (so that none is ever started as a service), crictl and critest.
# Everything is kept under .lab and done once; run it again at any time.
# Usage: install.sh [--demo | --versions]    (--demo leaves out what only the tests need)
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/paths.sh"
# shellcheck source=test/lab/containerd.sh
source "$LAB_SRC/containerd.sh"
need_root

# What crisol, the tests and the demo run.
programs=(
  conmon runc crun containernetworking-plugins iptables
  busybox skopeo umoci jq iproute2 procps util-linux mount tar gzip xz-utils zstd libisal2 ca-certificates
)
# What the current runc is built with.
headers=(gcc libc6-dev pkg-config libseccomp-dev)
# Daemons and the libraries they want: unpacked, never installed.
unpacked=(
  docker-registry nginx apache2-bin
  libapr1 libaprutil1 libexpat1 libuuid1 libpcre2-8-0 libssl3 libcrypt1 zlib1g
)
cri_tools=1.37.0

apt_updated=false
apt_update_once() {
  "$apt_updated" || apt-get update -qq
  apt_updated=true
}

# install_packages PACKAGE...
install_packages() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -Wf '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "apt-get install ${missing[*]}"
  apt_update_once
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$LAB/apt.log" 2>&1 ||
    { tail -20 "$LAB/apt.log" >&2 && die "apt-get failed, see above"; }
}

unpack_daemons() {
  local stamp=$DEB_ROOT/.packages
  [[ -f $stamp && $(<"$stamp") == "${unpacked[*]}" ]] || {
    say "unpack ${unpacked[*]}"
    apt_update_once
    rm -rf "$LAB/deb"
    mkdir -p "$LAB/deb/archives" "$DEB_ROOT"
    (cd "$LAB/deb/archives" && apt-get download -qq "${unpacked[@]}" 2>"$LAB/apt.log") ||
      { cat "$LAB/apt.log" >&2 && die "apt-get download failed, see above"; }
    for archive in "$LAB"/deb/archives/*.deb; do dpkg -x "$archive" "$DEB_ROOT"; done
    rm -r "$LAB/deb/archives"
    printf '%s' "${unpacked[*]}" >"$stamp"
  }
  ln -sf "$DEB_ROOT/usr/bin/docker-registry" "$BIN/docker-registry"
}

# build_go NAME DIRECTORY ARGUMENT...: runs go there unless the program is newer than the directory's files.
build_go() {
  local output=$BIN/$1 directory=$2
  shift 2
  [[ -x $output && -z $(find "$directory" -type f -newer "$output" -print -quit) ]] && return 0
  say "build ${output##*/}"
  (cd "$directory" && CGO_ENABLED=${cgo-0} GOFLAGS=-buildvcs=false GOMAXPROCS=2 go "$@")
  touch "$output"
}

flags="-s -w -X sigs.k8s.io/cri-tools/pkg/version.Version=$cri_tools"

build_crictl() {
  build_go crictl "$LAB_SRC/critest" build -ldflags "$flags" -o "$BIN/crictl" sigs.k8s.io/cri-tools/cmd/crictl
}

# With ginkgo, which critest calls for -parallel.
build_critest() {
  build_go critest "$LAB_SRC/critest" test -c -ldflags "$flags" -o "$BIN/critest" sigs.k8s.io/cri-tools/cmd/critest
  build_go ginkgo "$LAB_SRC/critest" build -trimpath -ldflags '-s -w' -o "$BIN/ginkgo" github.com/onsi/ginkgo/v2/ginkgo
}

build_programs() {
  local program
  for program in pause privilege-probe subreaper; do
    build_go "$program" "$LAB_SRC/programs" build -trimpath -ldflags '-s -w' -o "$BIN/$program" "./$program"
  done
}

# Debian's runc is years behind the one that clusters run; both are handlers of the lab.
build_runc() {
  cgo=1 build_go runc-current "$LAB_SRC/runc" build -trimpath -tags 'seccomp urfave_cli_no_docs' -ldflags '-s -w' \
    -o "$BIN/runc-current" github.com/opencontainers/runc
}

# gVisor as its go branch has it, which is newer than any package; some minutes the first time.
build_runsc() {
  local version
  version=$(cd "$LAB_SRC/runsc" && go list -m -f '{{.Version}}' gvisor.dev/gvisor)
  build_go runsc "$LAB_SRC/runsc" build -trimpath -ldflags "-s -w -X gvisor.dev/gvisor/runsc/version.version=$version" \
    -o "$BIN/runsc" gvisor.dev/gvisor/runsc
}

# Debian's gVisor is years older; both are handlers of the lab. Unpacked beside ours, never installed.
unpack_debian_runsc() {
  local directory=$LAB/runsc-debian
  [[ -x $BIN/runsc-debian ]] || {
    say 'unpack runsc'
    apt_update_once
    rm -rf "$directory"
    mkdir -p "$directory"
    (cd "$directory" && apt-get download -qq runsc 2>"$LAB/apt.log") ||
      { cat "$LAB/apt.log" >&2 && die "apt-get download failed, see above"; }
    dpkg -x "$directory"/runsc_*.deb "$directory"
    ln -sf "$directory/usr/bin/runsc" "$BIN/runsc-debian"
  }
}

# Debian's shim serves version 2 of the task service and prints a bare address.
link_debian_shim() {
  install_containerd
  mkdir -p "$BIN/shims/debian"
  ln -sf "$LAB/containerd/usr/bin/containerd-shim-runc-v2" "$BIN/shims/debian/"
}

# The shims of today: containerd's serves version 3 and takes its parameters as a message; gVisor's prints JSON.
build_shims() {
  mkdir -p "$BIN/shims/current"
  build_go shims/current/containerd-shim-runc-v2 "$LAB_SRC/shims/containerd" build -trimpath -ldflags '-s -w' \
    -o "$BIN/shims/current/containerd-shim-runc-v2" github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2
  build_go shims/current/containerd-shim-runsc-v1 "$LAB_SRC/shims/gvisor" build -trimpath -ldflags '-s -w' \
    -o "$BIN/shims/current/containerd-shim-runsc-v1" gvisor.dev/gvisor/shim
}

main() {
  mkdir -p "$BIN"
  exec 9>"$LAB/install.lock"
  flock 9
  install_packages "${programs[@]}"
  command -v go >/dev/null || die "go is needed to build crictl and critest"
  build_crictl
  build_programs
  build_runsc
  unpack_debian_runsc
  link_debian_shim
  build_shims
  [[ ${1-} != --demo ]] || return 0
  unpack_daemons
  install_packages "${headers[@]}"
  build_runc
  build_critest
  if [[ ${1-} == --versions ]]; then
    crictl --version
    conmon --version | sed -n 1p
    runc --version | sed -n 1p
    runc-current --version | sed -n 1p
    crun --version | sed -n 1p
    runsc --version | sed -n 1p
    runsc-debian --version | sed -n 1p
    local shim
    for shim in "$BIN"/shims/*/containerd-shim-*; do echo "$shim: $("$shim" -v | sed -n 's/^ *Version: *//p')"; done
    docker-registry --version
  fi
}

main "$@"

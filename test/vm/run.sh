#!/usr/bin/env bash
# Boots the lab's virtual machine (Debian 13, systemd, cgroup v2, AppArmor, every capability), runs a command in it and
# turns it off. Standard output is the command's; the exit status too, or 70 when the machine died before it ended.
# Usage: run.sh [--with PATH]... [--results DIRECTORY] COMMAND [ARG...]
#   --with PATH           puts a file or directory into the command's directory, under its last name
#   --results DIRECTORY   takes what the command left in /lab/results
# Env: VM_TIMEOUT (seconds, 1800), VM_MEMORY (2G)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$here/../lab/paths.sh"
need_root

with=()
results=
while [[ ${1-} == --* ]]; do
  case $1 in
    --with) with+=("$2") ;;
    --results) results=$2 ;;
    *) die "unknown option \"$1\"; see the head of test/vm/run.sh" ;;
  esac
  shift 2
done
(($#)) || die 'usage: run.sh [--with PATH]... [--results DIRECTORY] COMMAND [ARG...]'

image=$("$here/image.sh")
work=$(mktemp -d "$LAB/vm/run.XXXXXX")
qemu=
# shellcheck disable=SC2317 # called by the trap
finish() {
  local status=$?
  trap - EXIT INT TERM
  [[ -z $qemu ]] || kill "$qemu" 2>/dev/null || true
  [[ $status != 70 ]] || { tail -40 "$work/boot.log" >&2 || true; }
  cp "$work/boot.log" "$LAB/vm/boot.log" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# crisol as a node without a network gets it, packed once per change.
pack_crisol() {
  [[ -f $REPO/dist/bundle/main.js ]] || die 'crisol is not built: run "npm run build"'
  local key package
  key=$(cd "$REPO" && find dist/bundle libexec deploy proto docs/configuration.md package-lock.json -type f -print0 | sort -z | xargs -0 sha256sum |
    sha256sum | head -c 16)
  package=$LAB/vm/crisol-$key.tar.gz
  if [[ ! -f $package ]]; then
    say 'pack crisol'
    rm -f "$LAB"/vm/crisol-*.tar.gz
    "$REPO/deploy/package.sh" "$package" >"$LAB/vm/package.log" 2>&1 || { cat "$LAB/vm/package.log" >&2 && die 'deploy/package.sh failed'; }
  fi
  ln -f "$package" "$1"
}

# The second disk: the command, what it works with, and room for what it leaves.
make_lab_disk() {
  local tree=$work/lab path
  mkdir -p "$tree"/{bin,results}
  pack_crisol "$tree/crisol.tar.gz"
  cp -a "$here/guest" "$tree/guest"
  cp "$LAB_SRC/verdict.mjs" "$tree/guest/"
  cp "$LAB_SRC/expected-outcomes.txt" "$tree/"
  for path in crictl critest docker-registry runc-current kubelet; do
    [[ ! -e $BIN/$path ]] || cp -L "$BIN/$path" "$tree/bin/"
  done
  [[ ! -d $LAB/registry ]] || cp -a "$LAB/registry" "$tree/registry"
  for path in "${with[@]}"; do cp -aL "$path" "$tree/"; done
  { printf 'exec' && printf ' %q' "$@" && echo; } >"$tree/task"
  mke2fs -q -t ext4 -O '^has_journal' -m 0 -d "$tree" "$work/lab.img" 4G >/dev/null
  rm -rf "$tree"
}

boot() {
  # icount: time in the machine is counted in instructions, and skips what nobody works in. So a busy host makes no limit
  # of time run out, and a sleep costs nothing.
  # cx16=off: QEMU's emulation of cmpxchg16b ends the kernel with a double fault.
  timeout --foreground "${VM_TIMEOUT-1800}" qemu-system-x86_64 \
    -accel tcg,thread=single,tb-size=512 -icount shift=1,sleep=off -rtc clock=vm -cpu max,cx16=off -smp 1 \
    -m "${VM_MEMORY-2G}" -no-reboot \
    -display none -nodefaults -serial "file:$work/boot.log" -monitor none -nic none \
    -kernel "$image/vmlinuz" -initrd "$image/initrd" \
    -append 'console=ttyS0 loglevel=4 panic=-1 mitigations=off random.trust_cpu=on' \
    -drive "file=$image/root.img,if=virtio,format=raw,snapshot=on,cache=unsafe" \
    -drive "file=$work/lab.img,if=virtio,format=raw,cache=unsafe" \
    -chardev "file,id=out,path=$work/output" -device virtio-serial-pci -device virtserialport,chardev=out </dev/null
}

make_lab_disk "$@"
mkfifo "$work/output"
cat "$work/output" &
boot &
qemu=$!
wait "$qemu" || true
qemu=
mkdir -p "$work/out"
debugfs -R "rdump /results $work/out" "$work/lab.img" 2>/dev/null
if [[ -n $results ]]; then
  mkdir -p "$results"
  cp -a "$work/out/results/." "$results/"
fi
[[ -s $work/out/results/status ]] || exit 70
exit "$(<"$work/out/results/status")"

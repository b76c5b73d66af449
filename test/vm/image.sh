#!/usr/bin/env bash
# Makes the disk, kernel and initrd of the lab's virtual machine from Debian 13's packages, once per change of what goes
# in. Prints the directory that holds root.img, vmlinuz and initrd.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lab/paths.sh
source "$here/../lab/paths.sh"
need_root

suite=trixie
tools=(qemu-system-x86 debootstrap busybox e2fsprogs cpio xz-utils)
# A node as somebody would set it up for crisol, and what the tests look at it with.
packages=(
  systemd systemd-sysv dbus apparmor
  runc crun conmon containernetworking-plugins iptables nftables ca-certificates kmod libisal2 nodejs
  procps iproute2 util-linux mount jq socat
  # By which critest loads its AppArmor profiles.
  sudo
)
# What the disks need and the kernel has not in itself.
modules=(drivers/block/virtio_blk)
disk_size=3G

VM=$LAB/vm
hash() { sha256sum | head -c 16; }
base=$VM/base-$(printf '%s\n' "$suite" "${packages[@]}" | hash)
image=$VM/image-$(cat "$here"/image.sh "$here"/image/* | hash)

install_tools() {
  local tool missing=()
  for tool in "${tools[@]}"; do
    [[ $(dpkg-query -Wf '${db:Status-Abbrev}' "$tool" 2>/dev/null) == ii* ]] || missing+=("$tool")
  done
  ((${#missing[@]})) || return 0
  say "apt-get install ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$LAB/apt.log" 2>&1 ||
    { tail -20 "$LAB/apt.log" >&2 && die 'apt-get failed, see above'; }
}

# The machine's own Debian mirror.
mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep -v security | head -1 ||
    true
}

make_tree() {
  local tree=$1 uri
  uri=$(mirror)
  say "debootstrap $suite: ${packages[*]}"
  mkdir -p "$VM/packages"
  debootstrap --variant=minbase --cache-dir="$VM/packages" --include="$(IFS=,; echo "${packages[*]}")" \
    "$suite" "$tree" "${uri:-http://deb.debian.org/debian}" >"$VM/debootstrap.log" 2>&1 ||
    { tail -20 "$VM/debootstrap.log" >&2 && die 'debootstrap failed, see above'; }
}

# Unpacked, not installed: installing would make an initrd of every driver there is.
add_kernel() {
  local tree=$1 package
  package=$(chroot "$tree" apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
  say "kernel: $package"
  chroot "$tree" sh -c "cd /root && apt-get download -qq '$package'" >>"$VM/debootstrap.log" 2>&1
  dpkg -x "$tree"/root/linux-image-*.deb "$tree/root/kernel"
  cp -a "$tree/root/kernel/boot/." "$tree/boot/"
  cp -a "$tree/root/kernel/usr/lib/modules" "$tree/usr/lib/"
  rm -rf "$tree"/root/*
  chroot "$tree" depmod "$(ls "$tree/usr/lib/modules")"
}

configure_tree() {
  local tree=$1
  install -m 755 "$here/image/vm-task" "$tree/usr/local/sbin/vm-task"
  install -m 644 "$here/image/vm-task.service" "$tree/etc/systemd/system/vm-task.service"
  ln -sf ../vm-task.service "$tree/etc/systemd/system/multi-user.target.wants/vm-task.service"
  # The serial line is for what the kernel and systemd say.
  local unit
  for unit in serial-getty@ttyS0.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer systemd-logind.service; do
    ln -sf /dev/null "$tree/etc/systemd/system/$unit"
  done
  # Of AppArmor's profiles those that matter here; to compile them all takes longer than everything else at the start.
  find "$tree/etc/apparmor.d" -maxdepth 1 -type f ! -name runc ! -name crun -delete
  echo crisol-vm >"$tree/etc/hostname"
  printf '127.0.0.1 localhost crisol-vm\n' >"$tree/etc/hosts"
  rm -f "$tree/etc/resolv.conf"
  echo 'nameserver 127.0.0.1' >"$tree/etc/resolv.conf"
  # Not a first start: that would rebuild caches of the linker and the journal.
  echo 5f0c1e5a7d3b4c6e8f901a2b3c4d5e6f >"$tree/etc/machine-id"
  touch -d '1 hour' "$tree/etc/.updated" "$tree/var/.updated"
  rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale}
}

make_initrd() {
  local tree=$1 dir=$2 module file library
  mkdir -p "$dir"/{bin,dev,modules,root,run}
  install -m 755 "$here/image/init" "$dir/init"
  install -m 755 /bin/busybox "$dir/bin/busybox"
  while read -r library; do install -D -m 755 "$library" "$dir$library"; done < <(ldd /bin/busybox | grep -o '/[^ ]*')
  for module in "${modules[@]}"; do
    file=("$tree"/usr/lib/modules/*/kernel/"$module".ko.xz)
    xz -dc "${file[0]}" >"$dir/modules/${module##*/}.ko"
  done
  (cd "$dir" && find . | cpio --quiet -o -H newc)
}

build_base() {
  rm -rf --one-file-system "$VM"/base-*
  make_tree "$base.new"
  add_kernel "$base.new"
  mv "$base.new" "$base"
}

build_image() {
  local work=$VM/image.new
  rm -rf --one-file-system "$work" "$VM"/image-*
  mkdir -p "$work"
  cp -a "$base" "$work/tree"
  configure_tree "$work/tree"
  make_initrd "$work/tree" "$work/initrd.tree" >"$work/initrd"
  cp "$work"/tree/boot/vmlinuz-* "$work/vmlinuz"
  say "disk of $(du -sh "$work/tree" | cut -f1)"
  mke2fs -q -t ext4 -O '^has_journal' -m 0 -d "$work/tree" "$work/root.img" "$disk_size" >/dev/null
  rm -rf --one-file-system "$work/tree" "$work/initrd.tree"
  mv "$work" "$image"
}

# What debootstrap mounts ends with this namespace.
if [[ ${1-} == --inside ]]; then
  [[ -d $base ]] || build_base >&2
  build_image >&2
  exit 0
fi

mkdir -p "$VM"
exec 9>"$VM/image.lock"
flock 9
install_tools
[[ -f $image/root.img ]] || unshare --mount --propagation private bash "$here/image.sh" --inside
echo "$image"

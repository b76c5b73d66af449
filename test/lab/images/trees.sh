#!/usr/bin/env bash
# Lays out the file trees the lab's images are made of, one directory per layer, below the directory named:
# Debian's own programs with the shared libraries they load, so that nothing but apt is needed.
set -euo pipefail
# shellcheck source=test/lab/paths.sh
source "$(dirname "$0")/../paths.sh"
trees=$1

# add_program TREE PROGRAM [PATH]: copies a program (from the unpacked packages, else from the machine) and its libraries.
add_program() {
  local tree=$trees/$1 program=$2 path=${3-/usr/bin/${2##*/}}
  install -D -m 755 "$program" "$tree$path"
  add_libraries "$1" "$program"
}

add_libraries() {
  local tree=$trees/$1 library
  while read -r library; do
    # /lib of the machine may be a link to /usr/lib: keep the name the loader asks for.
    [[ -e $trees/busybox$library || -e $tree${library#"$DEB_ROOT"} ]] ||
      install -D -m 644 "$library" "$tree${library#"$DEB_ROOT"}"
  done < <(LD_LIBRARY_PATH=$(library_path) ldd "$2" | grep -o '/[^ ]*' | sort -u)
  find "$tree" -name 'ld-linux*' -exec chmod 755 {} +
}

library_path() {
  printf '%s:' "$DEB_ROOT"/usr/lib/*-linux-gnu "$DEB_ROOT"/lib/*-linux-gnu
}

busybox_tree() {
  local tree=$trees/busybox applet
  mkdir -p "$tree"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,usr/sbin,var/{log,run,tmp,www}}
  chmod 1777 "$tree/tmp" "$tree/var/tmp"
  chmod 700 "$tree/root"
  add_program busybox "$(command -v busybox)" /bin/busybox
  # Hard links, so that a test which masks /bin/ls masks that name alone.
  while read -r applet; do [[ $applet == busybox ]] || ln -f "$tree/bin/busybox" "$tree/bin/$applet"; done < <(busybox --list)
  add_program busybox "$(command -v pgrep)"
  add_program busybox "$(command -v ipcs)"
  cat >"$tree/etc/passwd" <<'EOF'
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
EOF
  cat >"$tree/etc/group" <<'EOF'
root:x:0:
daemon:x:1:
www-data:x:33:
nogroup:x:65534:
EOF
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$tree/etc/nsswitch.conf"
}

# nginx_tree NAME PORT
nginx_tree() {
  local tree=$trees/$1
  mkdir -p "$tree"/{etc/nginx,var/log/nginx,var/lib/nginx,usr/share/nginx/html}
  add_program "$1" "$DEB_ROOT/usr/sbin/nginx" /usr/sbin/nginx
  printf '<h1>crisol lab: nginx</h1>\n' >"$tree/usr/share/nginx/html/index.html"
  cat >"$tree/etc/nginx/nginx.conf" <<EOF
user www-data;
worker_processes 1;
pid /var/run/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
  access_log /dev/stdout;
  server {
    listen $2;
    root /usr/share/nginx/html;
  }
}
EOF
}

httpd_tree() {
  local tree=$trees/httpd module modules=usr/lib/apache2/modules
  mkdir -p "$tree"/{etc/apache2,var/www/html,$modules}
  add_program httpd "$DEB_ROOT/usr/sbin/apache2" /usr/sbin/httpd
  for module in mpm_prefork authz_core dir; do
    install -m 644 "$DEB_ROOT/$modules/mod_$module.so" "$tree/$modules/"
    add_libraries httpd "$DEB_ROOT/$modules/mod_$module.so"
  done
  printf '<h1>crisol lab: httpd</h1>\n' >"$tree/var/www/html/index.html"
  {
    printf 'LoadModule %s_module /%s/mod_%s.so\n' {mpm_prefork,"$modules",mpm_prefork} {authz_core,"$modules",authz_core} {dir,"$modules",dir}
    cat <<'EOF'
ServerName localhost
ServerRoot /etc/apache2
Listen 80
User www-data
Group www-data
PidFile /var/run/httpd.pid
ErrorLog /proc/self/fd/2
LogLevel notice
DocumentRoot /var/www/html
DirectoryIndex index.html
StartServers 1
MaxRequestWorkers 4
EOF
  } >"$tree/etc/apache2/httpd.conf"
}

groups_tree() {
  local tree=$trees/predefined-group
  mkdir -p "$tree/etc"
  { cat "$trees/busybox/etc/passwd" && echo 'default-user:x:1000:1000::/home:/bin/sh'; } >"$tree/etc/passwd"
  { cat "$trees/busybox/etc/group" && printf 'default-user:x:1000:\ngroup-defined-in-image:x:50000:default-user\n'; } >"$tree/etc/group"
}

busybox_tree
# The demo needs this one alone, on a machine where the lab's daemons were not unpacked.
[[ ${2-} == busybox ]] && exit 0
nginx_tree nginx 80
nginx_tree hostnet-nginx 12003
httpd_tree
groups_tree
install -D -m 755 "$BIN/pause" "$trees/pause/pause"
install -D -m 4755 "$BIN/privilege-probe" "$trees/privilege-probe/usr/bin/privilege-probe"
for name in 1 2 3 latest digest tag tags; do install -D -m 644 <(echo "$name") "$trees/file-$name/$name"; done

# shellcheck shell=bash
# crisol as a unit of systemd: started, stopped, killed, with pods that run on.

installed() {
  equal 'state of the unit' "$(systemctl is-active crisol)" active
  equal 'enabled' "$(systemctl is-enabled crisol)" enabled
  # READY=1 arrived, or systemd would still call it activating; the watchdog is fed or it would be restarted.
  equal 'status of the unit' "$(systemctl show -P SubState crisol)" running
  equal 'restarts' "$(systemctl show -P NRestarts crisol)" 0
  [[ ! -e /usr/bin/npm ]] || { echo 'npm is here: this machine would not show that none is needed' && return 1; }
}

chosen() {
  local info
  info=$(crictl info)
  equal 'cgroup driver' "$(jq -r '.host.cgroupDriver' <<<"$info")" systemd
  equal 'cgroup version' "$(jq -r '.host.cgroupVersion' <<<"$info")" v2
  equal 'conditions that do not hold' "$(jq -c '[.status.conditions[] | select(.status == false) | .type]' <<<"$info")" '[]'
  equal 'AppArmor' "$(jq -r '.host.apparmorDefault' <<<"$info")" crisol-default
  crictl runtime-config | grep -i systemd
}

handlers_work() {
  local names
  names=$(crictl info | jq -r '[.status.conditions[] | select(.status and (.type | startswith("HandlerReady/"))) | .type[13:]] | sort | join(" ")')
  equal 'handlers that work' "$names" 'crun runc runc-current'
}

start_two() {
  local handler pod
  for handler in runc crun; do
    pod=$(run_pod "$handler" "unit-$handler")
    run "$pod" "unit-$handler" '.command = ["sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.2; done"]' >"/run/unit-$handler"
  done
}

# survives COMMAND...: both containers keep their processes, logs go on, exec works afterwards.
survives() {
  local handler id before=() after=() lines
  for handler in runc crun; do before+=("$(pid_of "$(<"/run/unit-$handler")")"); done
  "$@"
  eventually crictl version >/dev/null
  for handler in runc crun; do
    id=$(<"/run/unit-$handler")
    after+=("$(pid_of "$id")")
    state_is "$id" CONTAINER_RUNNING
    lines=$(wc -l <"$LOGS/unit-$handler/unit-$handler.log")
    eventually more_lines "$LOGS/unit-$handler/unit-$handler.log" "$lines"
    equal 'exec' "$(crictl exec --sync "$id" echo "$handler")" "$handler"
  done
  equal 'pids' "${after[*]}" "${before[*]}"
}

more_lines() { (($(wc -l <"$1") > $2)); }

# Another container ends while nobody watches.
stop_and_start() {
  local pod id
  pod=$(crictl pods --quiet --name unit-runc)
  id=$(run "$pod" unit-meanwhile '.command = ["sh", "-c", "sleep 5; exit 7"]')
  echo "$id" >/run/unit-meanwhile
  systemctl stop crisol
  refused crictl version
  sleep 6
  systemctl start crisol
}

exit_meanwhile() {
  local id
  id=$(</run/unit-meanwhile)
  state_is "$id" CONTAINER_EXITED
  equal 'exit code' "$(inspect "$id" .status.exitCode)" 7
}

kill_daemon() {
  local pid
  pid=$(daemon_pid)
  kill -9 "$pid"
  eventually restarted "$pid"
}

restarted() { [[ $(daemon_pid) != "$1" && $(systemctl is-active crisol) == active ]]; }

suite_unit() {
  check 'unit: installed and ready without npm or a network' installed
  check 'unit: cgroup v2, the systemd driver and AppArmor are found' chosen
  check 'unit: every handler works' handlers_work
}

suite_restarts() {
  check 'restarts: a pod on runc and on crun' start_two
  check 'restarts: systemctl stop and start leave pods running' survives stop_and_start
  check 'restarts: an exit while it was stopped is known' exit_meanwhile
  check 'restarts: kill -9 leaves pods running, and systemd brings it back' survives kill_daemon
  check 'restarts: daemon-reload leaves pods running' survives systemctl daemon-reload
  check 'restarts: the pods can be removed' remove_pods
}

suite_upgrade() {
  check 'upgrade: a pod on runc and on crun' start_two
  check 'upgrade: an installation over it, which restarts it, leaves pods running' survives install_crisol
  check 'upgrade: the pods can be removed' remove_pods
}
